# RFC 5961, 3.2: in the window but not exact: challenge ACK; outside: nothing
include out.inc
+1	guest R 2:2(0)
+0	expect . 1:1(0) ack 1
+0	count tcp-challenge-ack 1
+1	guest R 0:0(0)
+1	guest R 9000000:9000000(0)
+0	count tcp-challenge-ack 1
+0	count tcp-reset 3
+0	state OPEN
+1	guest R 1:1(0)
+0	call abort
