# The socket died, and that shows when bytes are sent, or looked for
conn b 40001 198.51.100.1 80
include out.inc
+0	b guest S 0:0(0) win 65535 <mss 1460>
+0	b call connect 198.51.100.1:80
+0	b host connected
+0	b expect S. 0:0(0) ack 1
+0	b guest . ack 1
+0	host broken ECONNRESET
+1	guest P. 1:11(10)
+0	expect R. 1:1(0) ack 1
+0	call abort
+0	b host broken EPIPE
+0	b guest F. 1:1(0)
+0	b expect R. 1:1(0) ack 1
+0	b call abort
