# ACK of what was never sent: challenge ACK, dropped (RFC 9293, 3.10.7.4)
include out.inc
+1	guest . 1:1(0) ack 5
+0	expect . 1:1(0) ack 1
+0	count tcp-ack-unsent 1
+1	guest P. 1:11(10) ack 5
+0	expect . 1:1(0) ack 1
+1	host data 10
+0	expect P. 1:11(10)
+0	guest . 1:1(0) ack 11
+0	unread 0
+0	guest R 1:1(0)
+0	call abort
