# Keepalive of the guest: an old number, with or without a byte; answered
include out.inc
+60000	guest . 0:0(0)
+0	expect . 1:1(0) ack 1
+60000	guest . 0:1(1) junk
+0	expect . 1:1(0) ack 1
+0	state OPEN
+1	guest R 1:1(0)
+0	call abort
