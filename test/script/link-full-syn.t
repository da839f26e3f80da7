# Our SYN-ACK finds no room
0	guest S 0:0(0) <mss 1460>
+0	call connect 198.51.100.1:80
+0	link full
+1	host connected
+1	link room
+999	expect S. 0:0(0) ack 1
+0	guest . ack 1
+0	guest R 1:1(0)
+0	call abort
