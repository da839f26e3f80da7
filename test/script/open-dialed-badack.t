# An ACK that is not for our SYN-ACK: RST with its number (RFC 9293, 3.10.7.4)
0	guest S 0:0(0) <mss 1460>
+0	call connect 198.51.100.1:80
+1	host connected
+0	expect S. 0:0(0) ack 1
+1	guest . 1:1(0) ack 700
+0	expect R 700:700(0)
+0	state DIALED
+1	guest - 1:1(0)
+0	count tcp-flags 1
+0	state DIALED
+1	guest . 1:1(0) ack 1
+0	state OPEN
+0	guest R 1:1(0)
+0	call abort
