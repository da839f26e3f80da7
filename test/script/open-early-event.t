# The remote end has sent and closed before the loop sees that it is connected
0	guest S 0:0(0) <mss 1460,nop,wscale 7>
+0	call connect 198.51.100.1:80
+0	host data 100
+0	host fin
+1	host connected
+0	expect S. 0:0(0) ack 1
+1	guest . ack 1 win 512
+0	expect P. 1:101(100)
+0	expect F. 101:101(0)
+1	guest . ack 102
+0	guest R 1:1(0)
+0	call abort
