# After the guest's FIN, bytes of the remote end go on, with loss
include out.inc
+1	guest F. 1:1(0)
+0	call shutdown
+0	expect . ack 1
+0	host finacked
+0	expect . ack 2
+1	host data 4380
+0	burst 1:4381 1460
+0	guest . ack 1
+0	guest . ack 1
+0	guest . ack 1
+0	expect P. 1:1461(1460)
+1	guest . ack 4381
+1	host fin
+0	expect F. 4381:4381(0)
+200	expect F. 4381:4381(0)
+0	state OPEN DONE SHUT LAST-ACK
+1	guest . ack 4382
+0	call close
+0	state none
