# The remote end closes while the guest's window is closed
include out.inc
+0	guest . ack 1 win 0
+1	host data 100
+0	host fin
+200	expect . 0:0(0)
+1	guest . ack 1 win 512
+0	expect P. 1:101(100)
+0	expect F. 101:101(0)
+1	guest . ack 102
+0	state OPEN FLOW DONE
+0	guest R 1:1(0)
+0	call abort
