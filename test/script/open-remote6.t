# A remote end opens a connection over IPv6
ip 6
conn - 80 2001:db8:1::1 5555
forward 8080:80
0	host accept 8080
+0	expect S 0:0(0) win 65535 <mss 1440,nop,wscale 8,nop,nop,sackOK>
+0	guest S. 0:0(0) ack 1 win 65535 <mss 1440,nop,wscale 7>
+0	expect . ack 1
+1	host data 2000
+0	burst 1:2001 1440
+1	guest R 1:1(0)
+0	call abort
