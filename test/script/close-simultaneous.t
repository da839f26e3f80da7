# Both FINs cross
include out.inc
+1	host fin
+0	expect F. 1:1(0)
+0	state OPEN FLOW SHUT FIN-WAIT-1
+0	guest F. 1:1(0) ack 1
+0	call shutdown
+0	expect . 2:2(0) ack 1
+0	state OPEN SHUT SHUT CLOSING
+1	guest . 2:2(0) ack 2
+0	state OPEN SHUT DONE TIME-WAIT
+1	host finacked
+0	expect . 2:2(0) ack 2
+0	call close
+0	state WAIT
