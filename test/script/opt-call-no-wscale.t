# We offer scaling, the guest does not: none in either direction
conn - 80 198.51.100.1 5555
forward 8080:80
0	host accept 8080
+0	expect S 0:0(0) <mss 1460,nop,wscale 8,nop,nop,sackOK>
+0	guest S. 0:0(0) ack 1 win 3000 <mss 1000>
+0	expect . ack 1 win 65535
+1	host data 5000
+0	burst 1:3001 1000
+0	guest R 1:1(0)
+0	call abort
