# Our SYN-ACK is repeated with back-off, then given up
0	guest S 0:0(0) <mss 1460>
+0	call connect 198.51.100.1:80
+1	host connected
+0	expect S. 0:0(0) ack 1
+1000	expect S. 0:0(0) ack 1
+2000	expect S. 0:0(0) ack 1
+4000	expect S. 0:0(0) ack 1
+8000	expect S. 0:0(0) ack 1
+16000	expect S. 0:0(0) ack 1
+32000	expect S. 0:0(0) ack 1
+0	count tcp-syn-retry 6
+60000	expect R. 1:1(0) ack 1
+0	call abort
+0	state none
