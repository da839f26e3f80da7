# A refused connection is a RST to the guest
0	guest S 0:0(0) <mss 1460>
+0	call connect 198.51.100.1:80
+5	host error ECONNREFUSED
+0	expect R. 0:0(0) ack 1
+0	call abort
+0	state none
