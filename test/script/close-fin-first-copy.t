# After a rewind, the ACK of the first copy of our FIN comes
include out.inc
+1	host data 4000
+0	burst 1:4001 1460
+0	host fin
+0	expect F. 4001:4001(0)
# back to one segment: the FIN is not sent again yet
+200	expect . 1:1461(1460)
+0	state OPEN FLOW EOF
+1	guest . ack 4002
+0	state OPEN FLOW DONE FIN-WAIT-2
+0	unread 0
+0	guest R 1:1(0)
+0	call abort
