# The remote end opens: SACK is offered, and used if the guest's SYN-ACK takes it up
conn - 80 198.51.100.1 5555
conn b 80 198.51.100.1 5556
forward 8080:80
0	host accept 8080
+0	expect S 0:0(0) <mss 1460,nop,wscale 8,nop,nop,sackOK>
+0	guest S. 0:0(0) ack 1 win 65535 <mss 1460,nop,nop,sackOK,nop,wscale 7>
+0	expect . ack 1 <>
+1	guest . 101:201(100)
+0	expect . ack 1 <nop,nop,sack 101:201>
+1	b host accept 8080
+0	b expect S 0:0(0) <mss 1460,nop,wscale 8,nop,nop,sackOK>
+0	b guest S. 0:0(0) ack 1 win 65535 <mss 1460,nop,wscale 7>
+0	b expect . ack 1 <>
+1	b guest . 101:201(100)
+0	b expect . ack 1 <>
+0	b guest R 1:1(0)
+0	b call abort
+0	guest R 1:1(0)
+0	call abort
+0	pool 0
