# Bytes come while a lost segment is being repaired: they follow those in flight
include out.inc
+1	host data 4380
+0	burst 1:4381 1460
+0	times 4 guest . ack 1
+0	expect P. 1:1461(1460)
+0	host data 2000
+0	burst 4381:6381 1460
+1	guest . ack 4381
+0	unread 2000
+0	host data 10
+0	expect P. 6381:6391(10)
+1	guest . ack 6391
+0	unread 0
+0	guest R 1:1(0)
+0	call abort
