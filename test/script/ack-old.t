# An ACK of long ago (RFC 5961, 5.2), and one that is merely old
include out.inc
+1	host data 3000
+0	burst 1:3001 1460
+1	guest . ack 3001
+1	guest . 1:1(0) ack 1461
+0	state OPEN
+1	guest P. 1:11(10) ack -2000000000
+0	expect . 3001:3001(0) ack 1
+0	count tcp-challenge-ack 1
+0	guest R 1:1(0)
+0	call abort
