# The guest's SYN does not offer SACK: neither do we, but what is late is kept
conn - 40000 198.51.100.1 80
0	guest S 0:0(0) win 65535 <mss 1460,nop,wscale 7,nop,nop,hex 0403ff>
+0	call connect 198.51.100.1:80
+0	host connected
+0	expect S. 0:0(0) ack 1 <mss 1460,nop,wscale 8>
+0	guest . ack 1
+1	guest . 101:201(100)
+0	expect . ack 1 <>
+0	guest . 1:101(100)
+0	call send 100
+0	call send 100
+0	expect . ack 201 <>
+0	guest R 201:201(0)
+0	call abort
