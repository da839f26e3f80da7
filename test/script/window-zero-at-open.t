# The window is closed from the beginning
include out.inc
+0	guest . ack 1 win 0
+1	host data 2000
+200	expect . 0:0(0)
+100	guest . ack 1 win 4
+0	expect . 1:513(512)
+0	guest R 1:1(0)
+0	call abort
