# Unsegmented frames of the guest, checksums left to us, in pieces
caps csum tso
include out.inc
+0	hold
+1	guest . 1:60001(60000) tso 1460 split 4096
+0	guest P. 60001:65001(5000) tso 1460 split 1100
+0	go
+0	call send 65000
+0	expect . ack 65001
+1	guest . 65001:65011(10) nosum
+0	call send 10
+0	expect . ack 65011
+0	guest R 65011:65011(0)
+0	call abort
