# While our SYN is out: RST without ACK, or with a wrong one, proves nothing
conn - 80 198.51.100.1 5555
forward 8080:80
0	host accept 8080
+0	expect S 0:0(0)
+1	guest R 0:0(0)
+1	guest R. 0:0(0) ack 7
+1	guest R. 0:0(0) ack 0
+0	state CALL
# an ACK for what was never sent is answered by a RST (RFC 9293, 3.10.7.3)
+1	guest . 77:77(0) ack 9
+0	expect R 9:9(0)
+0	state CALL
+1	guest S. 0:0(0) ack 9 <mss 1460>
+0	expect R 9:9(0)
+0	state CALL
+1	guest R. 0:0(0) ack 1
+0	call abort
