# A time-out while more is in flight than the window has: one segment, within it
include out.inc
+1	host data 5840
+0	burst 1:5841 1460
+1	guest . ack 1 win 4
+200	expect . 1:513(512)
+1	guest . ack 513 win 512
+0	expect . 513:1973(1460)
+0	expect . 1973:2485(512)
+1	guest . ack 5841
+0	unread 0
+0	guest R 1:1(0)
+0	call abort
