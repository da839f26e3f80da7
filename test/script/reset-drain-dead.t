# The socket dies while it drains, with and without a tail
conn b 40001 198.51.100.1 80
include out.inc
+0	host hold
+1	guest P. 1:101(100)
+0	call send 100
+0	expect . ack 101
+0	guest R 101:101(0)
+0	state DRAIN
+1	host error ECONNRESET
+0	call abort
+0	b guest S 0:0(0) win 65535 <mss 1460>
+0	b call connect 198.51.100.1:80
+0	b host connected
+0	b expect S. 0:0(0) ack 1
+0	b host take 0
+0	b guest P. 1:101(100) ack 1
+0	b call send 0 of 100
+0	b expect . ack 101
+0	b guest R 101:101(0)
+0	b host broken ECONNRESET
+11	b call abort
