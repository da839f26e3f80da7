# FIN with data that is known already, and data behind a FIN
include out.inc
+1	guest . 1:101(100)
+0	call send 100
+0	expect . ack 101
+1	guest FP. 1:101(100)
+0	call shutdown
+0	expect . ack 101
+1	guest . 102:202(100)
+0	expect . ack 101
+0	state OPEN SHUT FLOW CLOSE-WAIT
+0	host finacked
+0	expect . ack 102
+1	guest . 102:202(100)
+0	expect . ack 102
+0	guest R 102:102(0)
+0	call abort
