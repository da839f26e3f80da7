# No room when the time-out comes
include out.inc
+1	host data 3000
+0	burst 1:3001 1460
+0	link full
+300	quiet
+0	count tcp-rto 1
+0	link room
+0	expect . 1:1461(1460)
+1	guest . ack 3001
+0	unread 0
+0	guest R 1:1(0)
+0	call abort
