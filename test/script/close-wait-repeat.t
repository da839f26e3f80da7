# TIME-WAIT: our last ACK got lost, the guest's FIN comes again
include out.inc
+1	host fin
+0	expect F. 1:1(0)
+0	guest F. 1:1(0) ack 2
+0	call shutdown
+0	expect . 2:2(0) ack 1
+0	host finacked
+0	expect . ack 2
+0	call close
+0	state WAIT DONE DONE TIME-WAIT
+200	guest F. 1:1(0) ack 2
+0	expect . 2:2(0) ack 2
+200	guest R 2:2(0)
+0	state WAIT
+10000	state none
