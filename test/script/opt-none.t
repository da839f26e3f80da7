# A SYN without options: MSS 536, no scaling of windows either way (RFC 9293, 3.7.1)
0	guest S 0:0(0) win 4000
+0	call connect 198.51.100.1:80
+0	host connected
+0	expect S. 0:0(0) ack 1 win 65535 <mss 1460>
+0	guest . ack 1 win 4000
+1	host data 5000
+0	burst 1:4001 536
+1	guest . ack 4001
+0	burst 4001:5001 536
+0	guest P. 1:11(10)
+0	call send 10
+0	expect . ack 11 win 65535
+0	guest R 11:11(0)
+0	call abort
