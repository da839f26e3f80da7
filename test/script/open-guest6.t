# The same over IPv6
ip 6
0	guest S 0:0(0) win 65535 <mss 1440,nop,wscale 7>
+0	call connect [2001:db8:1::1]:80
+5	host connected
+0	expect S. 0:0(0) ack 1 win 65535 <mss 1440,nop,wscale 8>
+1	guest . ack 1 win 512
+0	guest P. 1:101(100)
+0	call send 100
+0	expect . ack 101
+10	host data 1500
+0	expect . 1:1441(1440)
+0	expect P. 1441:1501(60)
+1	guest . ack 1501
+0	guest R. 101:101(0)
+0	call abort
