# The remote end does not read what came before the guest's RST: 5 s, not much longer
include out.inc
+0	host hold
+1	guest P. 1:101(100)
+0	call send 100
+0	expect . ack 101
+1	guest R. 101:101(0)
+0	state DRAIN
+4990	state DRAIN
+10	within 1500 call abort
+0	state none
