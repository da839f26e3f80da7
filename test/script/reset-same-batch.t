# The last ACK and a RST in one batch: the connection is closed already
include out.inc
+1	guest F. 1:1(0)
+0	call shutdown
+0	expect . ack 1
+0	host finacked
+0	expect . ack 2
+0	host fin
+0	expect F. 1:1(0)
+0	hold
+1	guest . 2:2(0) ack 2
+0	guest R 2:2(0)
+0	go
+0	call close
+0	state none
