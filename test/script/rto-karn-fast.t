# What a fast retransmit repeats is not measured either (RFC 6298, 3)
0	guest S 0:0(0) win 65535 <mss 1460,nop,wscale 7>
+0	call connect 198.51.100.1:80
+0	host connected
+0	expect S. 0:0(0) ack 1
+500	guest . ack 1
+0	host data 4380
+0	burst 1:4381 1460
+10	times 4 guest . ack 1
+0	expect P. 1:1461(1460)
+10	guest . ack 4381
+0	host data 10
+0	expect P. 4381:4391(10)
+1500	expect P. 4381:4391(10)
+0	guest R 1:1(0)
+0	call abort
