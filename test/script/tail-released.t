# What waited for a socket that died makes room for others
conn b 40001 198.51.100.1 80
sndbuf 67108864
caps csum tso
include out.inc
+0	b guest S 0:0(0) win 65535 <mss 1460,nop,wscale 7>
+0	b call connect 198.51.100.1:80
+0	b host connected
+0	b expect S. 0:0(0) ack 1
+0	b guest . ack 1 win 512
+0	host take 0
+0	b host take 0
+1	flood 1:8380417 65472
+0	call send 0 of 2095104
+0	expect . ack 2095105
+0	times 3 expect . ack *
+1	host error ECONNRESET
+0	expect R. 1:1(0) ack 8380417
+0	call abort
+1	b flood 1:8380417 65472
+0	b call send 0 of 2095104
+0	times 4 b expect . ack *
+0	count tcp-tail-full 0
+0	b host error ECONNRESET
+0	b expect R. 1:1(0) ack 8380417
+0	b call abort
