# The link has no room: bytes wait in the socket, and go when there is some
include out.inc
+0	link full
+1	host data 3000
+0	quiet
+0	unread 3000
+100	link room
+0	burst 1:3001 1460
+1	guest . ack 3001
+0	unread 0
+0	guest R 1:1(0)
+0	call abort
