# The same on a kernel without SO_PEEK_OFF for TCP
kernel old
include out.inc
+1	host data 14600
+0	burst 1:14601 1460
+1	guest . ack 1
+0	guest . ack 1
+0	guest . ack 1
+0	expect P. 1:1461(1460)
+200	expect . 1:1461(1460)
+1	guest . ack 8761
+0	burst 8761:14601 1460
+1	host fin
+0	quiet
+0	guest . ack 14601
+0	expect F. 14601:14601(0)
+1	guest . ack 14602
+0	guest R 1:1(0)
+0	call abort
