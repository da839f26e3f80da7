# Three duplicate ACKs: the segment at una goes out again, once (RFC 5681, 3.2)
include out.inc
+1	host data 14600
+0	burst 1:14601 1460
+1	guest . ack 1
+0	guest . ack 1
+0	quiet
+0	guest . ack 1
+0	expect P. 1:1461(1460)
+0	guest . ack 1
+0	guest . ack 1
+0	guest . ack 1
+0	guest . ack 1
+0	count tcp-fast-retransmit 1
+0	unread 14600
+1	guest . ack 14601
+0	unread 0
+0	count tcp-rto 0
+0	host data 10
+0	expect P. 14601:14611(10)
+0	guest R. 1:1(0) ack 14611
+0	call abort
