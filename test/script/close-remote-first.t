# Half-close by the remote end; the guest goes on to send
include out.inc
+1	host data 5
+0	expect P. 1:6(5)
+0	host fin
+0	expect F. 6:6(0)
+0	state OPEN FLOW SHUT FIN-WAIT-1
+1	guest . ack 7
+0	state OPEN FLOW DONE FIN-WAIT-2
+100	guest P. 1:1001(1000)
+0	call send 1000
+0	expect . ack 1001
+100	guest FP. 1001:1011(10)
+0	call send 10
+0	call shutdown
+0	expect . ack 1011
+0	state OPEN SHUT DONE TIME-WAIT
+1	host finacked
+0	expect . ack 1012
+0	call close
+0	state WAIT
+10010	state none
+0	idle
