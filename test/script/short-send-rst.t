# RST while bytes wait: they were acknowledged, and go first
include out.inc
+0	host hold
+0	host take 0
+1	guest P. 1:1001(1000)
+0	call send 0 of 1000
+0	expect . ack 1001
+1	guest R. 1001:1001(0)
+0	state DRAIN
+10	call send 0 of 1000
+5	host take all
+5	call send 1000
+20	host acked 1000
+1	call abort
