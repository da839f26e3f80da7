# The half of the pool that late bytes may have is used up: counted, and not kept
sndbuf 67108864
caps csum tso
conn b 40001 198.51.100.1 80
include out-sack.inc
+0	b guest S 0:0(0) win 65535 <mss 1460,nop,wscale 7,nop,nop,sackOK>
+0	b call connect 198.51.100.1:80
+0	b host connected
+0	b expect S. 0:0(0) ack 1
+0	b guest . ack 1 win 512
+1	flood 1001:4195305 16384
+0	times 256 expect . ack 1 <*sack 1001:*>
+0	pool 256
+0	count tcp-late 256
+0	count tcp-order 0
+1	guest . 4195305:4196305(1000)
+0	expect . ack 1 <nop,nop,sack 1001:4195305>
+0	pool 256
+0	count tcp-order 1
+0	b guest . 101:201(100)
+0	b expect . ack 1 <>
+0	count tcp-order 2
# The gap is closed: what the socket takes makes room
+1	guest . 1:1001(1000)
+0	call send 1000
+0	times 4 call send 1048576
+0	expect . ack 4195305 <>
+0	pool 0
+0	b guest . 101:201(100)
+0	b expect . ack 1 <nop,nop,sack 101:201>
+0	b guest R 1:1(0)
+0	b call abort
+0	guest R 4195305:4195305(0)
+0	call abort
