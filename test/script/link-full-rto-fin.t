# Time-out with data and FIN in flight, no room; the ACK of the first copies comes
include out.inc
+1	host data 3000
+0	burst 1:3001 1460
+0	host fin
+0	expect F. 3001:3001(0)
+0	link full
+210	state OPEN FLOW EOF
+1	guest . ack 3002
+0	state OPEN FLOW DONE
+0	unread 0
+1	link room
+0	quiet
+0	guest R 1:1(0)
+0	call abort
