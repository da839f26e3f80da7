# The remote end resets before the guest's handshake is done
0	guest S 0:0(0) <mss 1460>
+0	call connect 198.51.100.1:80
+1	host connected
+0	expect S. 0:0(0) ack 1
+1	host error ECONNRESET
+0	expect R. 1:1(0) ack 1
+0	call abort
+0	state none
