# The guest takes its window back: nothing more is sent, what is in flight may come
include out.inc
+1	host data 10000
+0	burst 1:10001 1460
+0	host data 5000
+0	burst 10001:15001 1460
+1	guest . ack 2921 win 20
+0	host data 1000
+0	quiet
+5	guest . ack 10001 win 20
+0	quiet
+1	guest . ack 15001 win 20
+0	expect P. 15001:16001(1000)
+1	guest . ack 16001
+0	guest R 1:1(0)
+0	call abort
