# An MSS beyond what the link takes
mtu 1400
0	guest S 0:0(0) <mss 65535,wscale 3>
+0	call connect 198.51.100.1:80
+0	host connected
+0	expect S. 0:0(0) ack 1 <mss 1360,nop,wscale 8>
+0	guest . ack 1 win 4000
+1	host data 3000
+0	burst 1:3001 1360
+0	guest R 1:1(0)
+0	call abort
