# FIN while bytes wait: passed on behind the last of them
include out.inc
+0	host take 0
+1	guest FP. 1:1001(1000)
+0	call send 0 of 1000
+0	expect . ack 1001
+0	state OPEN EOF FLOW CLOSE-WAIT
+5	host take all
+0	call send 1000
+0	call shutdown
+0	state OPEN SHUT FLOW CLOSE-WAIT
+1	host finacked
+0	expect . ack 1002
+0	guest R 1002:1002(0)
+0	call abort
