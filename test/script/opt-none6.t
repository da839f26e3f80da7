# The same over IPv6: 1220
ip 6
0	guest S 0:0(0) win 4000
+0	call connect [2001:db8:1::1]:80
+0	host connected
+0	expect S. 0:0(0) ack 1 win 65535 <mss 1440>
+0	guest . ack 1 win 4000
+1	host data 3000
+0	burst 1:3001 1220
+0	guest R 1:1(0)
+0	call abort
