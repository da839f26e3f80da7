# The remote end's ACK of the guest's FIN comes before the guest's of ours
include out.inc
+1	guest F. 1:1(0)
+0	call shutdown
+0	expect . ack 1
+0	state OPEN SHUT FLOW CLOSE-WAIT
+1	host finacked
+0	expect . ack 2
+0	state OPEN DONE FLOW CLOSE-WAIT
+1	host data 100
+0	expect P. 1:101(100)
+0	host fin
+0	expect F. 101:101(0)
+0	state OPEN DONE SHUT LAST-ACK
+1	guest . ack 101
+0	state OPEN DONE SHUT LAST-ACK
+1	guest . ack 102
+0	call close
+0	state none
+3000	idle
