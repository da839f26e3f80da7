# The same over IPv6
caps csum tso
include out6.inc
+1	host data 3000
+0	expect P. 1:3001(3000) tso 1440
+1	guest . ack 1441
+0	guest . ack 1441
+0	guest . ack 1441
+0	guest . ack 1441
+0	expect P. 1441:3001(1560) tso 1440
+0	guest . ack 3001
+0	unread 0
+0	guest R 1:1(0)
+0	call abort
