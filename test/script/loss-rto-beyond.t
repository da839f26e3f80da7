# After a rewind the guest acknowledges more than what was sent again
include out.inc
+1	host data 14600
+0	burst 1:14601 1460
+200	expect . 1:1461(1460)
+1	guest . ack 8761
+0	burst 8761:14601 1460
+0	unread 5840
+1	guest . ack 14601
+0	unread 0
+0	guest R 1:1(0)
+0	call abort
