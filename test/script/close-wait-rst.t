# RST in TIME-WAIT is ignored (RFC 1337), an old ACK is answered
include in.inc
+1	host fin
+0	expect F. 1:1(0)
+0	guest . ack 2
+0	guest F. 1:1(0)
+0	call shutdown
+0	expect . ack 1
+0	host finacked
+0	expect . ack 2
+0	call close
+0	state WAIT
+1	guest R 2:2(0)
+0	state WAIT
+1	guest . 2:2(0) ack 2
+0	expect . ack 2
