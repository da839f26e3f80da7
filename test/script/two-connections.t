# One batch for two connections: a sendmsg() and an acknowledgement each
conn b 40001 198.51.100.1 80
include out.inc
+0	b guest S 0:0(0) win 65535 <mss 1460>
+0	b call connect 198.51.100.1:80
+0	b host connected
+0	b expect S. 0:0(0) ack 1
+0	b guest . ack 1
+0	hold
+1	guest . 1:1001(1000)
+0	b guest . 1:501(500)
+0	guest . 1001:2001(1000)
+0	b guest P. 501:1001(500)
+0	guest P. 2001:2011(10)
+0	go
+0	call send 2010
+0	b call send 1000
+0	expect . ack 2011
+0	b expect . ack 1001
+0	hold
+1	guest R 2011:2011(0)
+0	b guest R 1001:1001(0)
+0	go
+0	call abort
+0	b call abort
