# The same with nothing left to send but the FIN
include out.inc
+0	guest . ack 1 win 0
+1	host fin
+200	expect . 0:0(0)
+1	guest . ack 1 win 512
+0	expect F. 1:1(0)
+1	guest . ack 2
+0	guest R 1:1(0)
+0	call abort
