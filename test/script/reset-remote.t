# RST of the remote end: relayed
include out.inc
+1	host error ECONNRESET
+0	expect R. 1:1(0) ack 1
+0	call abort
+0	state none
