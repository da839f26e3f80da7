# While the old one drains, the guest opens a new one with the same ports
include out.inc
+0	host hold
+1	guest P. 1:101(100)
+0	call send 100
+0	expect . ack 101
+1	guest R. 101:101(0)
+1	guest S 0:0(0) win 65535 <mss 1460>
+0	call connect 198.51.100.1:80
+0	flows 2
+0	state DIAL
+1	guest R 1:1(0)
+0	call abort
+0	flows 1
+0	end open 1
