# A link with a large MTU
mtu 65520
sndbuf 1000000
0	guest S 0:0(0) <mss 65480,nop,wscale 7>
+0	call connect 198.51.100.1:80
+0	host connected
+0	expect S. 0:0(0) ack 1 <mss 65480,nop,wscale 8>
+0	guest . ack 1 win 4000
+1	host data 100000
+0	burst 1:100001 65480
+0	guest P. 1:65481(65480)
+0	call send 65480
+0	expect . ack 65481
+0	guest R 65481:65481(0)
+0	call abort
