# RST of the remote end with bytes in flight, and some the guest never saw
include out.inc
+1	guest . win 16
+1	host data 5000
+0	burst 1:2049 1460
+1	host error ECONNRESET
+0	expect R. 2049:2049(0) ack 1
+0	call abort
+0	state none
