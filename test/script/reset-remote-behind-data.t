# Bytes and a RST of the remote end come at once: the bytes first
include out.inc
+0	host broken ECONNRESET
+0	host data 3000
+0	burst 1:3001 1460
+0	expect R. 3001:3001(0) ack 1
+0	call abort
