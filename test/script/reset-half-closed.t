# RST of the guest, and of the remote end, after one half is closed
include out.inc
+1	host fin
+0	expect F. 1:1(0)
+0	guest . ack 2
+0	state OPEN FLOW DONE
+1	guest R 1:1(0)
+0	call abort
+0	state none
+1	guest S 0:0(0) win 65535 <mss 1460>
+0	call connect 198.51.100.1:80
+0	host connected
+0	expect S. 0:0(0) ack 1
+0	guest . ack 1
+0	guest F. 1:1(0)
+0	call shutdown
+0	expect . ack 1
+1	host error ECONNRESET
+0	expect R. 1:1(0) ack 1
+0	call abort
