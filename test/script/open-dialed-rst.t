# RST while our SYN-ACK is out: only the exact number counts
0	guest S 0:0(0) <mss 1460>
+0	call connect 198.51.100.1:80
+1	host connected
+0	expect S. 0:0(0) ack 1
+1	guest R 5:5(0)
+0	state DIALED
+0	count tcp-reset 1
+1	guest R 1:1(0)
+0	call abort
+0	state none
