# The window of a SYN is not scaled (RFC 7323, 2.2)
conn - 80 198.51.100.1 5555
forward 8080:80
0	host accept 8080
+0	expect S 0:0(0)
+0	guest S. 0:0(0) ack 1 win 1000 <mss 1460,nop,wscale 7>
+0	expect . ack 1
+1	host data 5000
+0	expect . 1:1001(1000)
+1	guest . 1:1(0) ack 1001 win 10
+0	expect . 1001:2281(1280)
+0	guest R 1:1(0)
+0	call abort
