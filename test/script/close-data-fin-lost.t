# Data and our FIN are lost: both come again
include out.inc
+1	host data 100
+0	expect P. 1:101(100)
+0	host fin
+0	expect F. 101:101(0)
+0	state OPEN FLOW SHUT FIN-WAIT-1
+200	expect . 1:101(100)
+0	expect F. 101:101(0)
+0	state OPEN FLOW SHUT FIN-WAIT-1
+0	unread 100
+1	guest . ack 102
+0	unread 0
+0	state OPEN FLOW DONE FIN-WAIT-2
+0	guest R 1:1(0)
+0	call abort
