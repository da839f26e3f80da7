# No room for our FIN
include out.inc
+0	link full
+1	host fin
+1	link room
+0	expect F. 1:1(0)
+1	guest . ack 2
+0	guest R 1:1(0)
+0	call abort
