# A remote end opens a connection, and closes first
include in.inc
+5	host data 10
+0	expect P. 1:11(10)
+1	guest . ack 11
+0	guest P. 1:21(20)
+0	call send 20
+0	expect . ack 21
+1	host fin
+0	expect F. 11:11(0)
+0	state OPEN FLOW SHUT FIN-WAIT-1
+1	guest . ack 12
+0	state OPEN FLOW DONE FIN-WAIT-2
+0	guest F. 21:21(0)
+0	call shutdown
+0	expect . ack 21
+0	state OPEN SHUT DONE TIME-WAIT
+5	host finacked
+0	expect . ack 22
+0	call close
+0	state WAIT
+0	count tcp-open-in 1
+10010	state none
+0	idle
