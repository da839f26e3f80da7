# Scale 0 is an offer too
0	guest S 0:0(0) win 3000 <mss 1460,nop,wscale 0>
+0	call connect 198.51.100.1:80
+0	host connected
+0	expect S. 0:0(0) ack 1 <mss 1460,nop,wscale 8>
+0	guest . ack 1 win 3000
+1	host data 5000
+0	burst 1:3001 1460
+0	guest P. 1:11(10)
+0	call send 10
+0	expect . 3001:3001(0) ack 11 win 512
+0	guest R 11:11(0)
+0	call abort
