# Simultaneous open: the guest's SYN crosses ours (RFC 9293, 3.5, figure 7)
conn - 80 198.51.100.1 5555
forward 8080:80
0	host accept 8080
+0	expect S 0:0(0)
+1	guest S 0:0(0) win 65535 <mss 1460,nop,wscale 7>
# the guest is in SYN-RECEIVED, has our SYN, and sends its SYN-ACK
+0	guest S. 0:0(0) ack 1 win 65535 <mss 1460,nop,wscale 7>
+0	expect . ack 1
+0	state OPEN FLOW FLOW ESTABLISHED
+1	guest P. 1:11(10) ack 1
+0	call send 10
+0	expect . ack 11
+0	guest R 11:11(0)
+0	call abort
