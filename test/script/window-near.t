# A guest that is near is sent no more at once than fills the link, whatever its
# window: what is in flight lies in the receive queue, which the kernel walks
include out.inc
+0	guest . ack 1 win 32768
+1	host data 2000000
+0	burst 1:1310721 1460
+0	quiet
+1	guest . ack 14601 win 32768
+0	burst 1310721:1325321 1460
+1	guest . ack 1310721 win 32768
+0	burst 1325321:2000001 1460
+1	guest . ack 2000001 win 32768
# one that is far away gets what it asks for
+1	host data 1000
+0	expect P. 2000001:2001001(1000)
+60	guest . ack 2001001 win 32768
+1	host data 2000000
+0	burst 2001001:4001001 1460
+1	guest . ack 4001001 win 32768
+0	guest R 1:1(0)
+0	call abort
