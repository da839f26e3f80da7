# A window smaller than a segment is used, if nothing is in flight
include out.inc
+1	guest . ack 1 win 2
+1	host data 1000
+0	expect . 1:257(256)
+1	guest . ack 257 win 2
+0	expect . 257:513(256)
+1	guest . ack 513 win 8
+0	expect P. 513:1001(488)
+0	guest R 1:1(0)
+0	call abort
