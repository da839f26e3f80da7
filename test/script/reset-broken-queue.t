# The socket died with bytes in its queue; the guest gets these, its own fail
include out.inc
+1	guest . ack 1 win 8
+1	host data 3000
+0	expect . 1:1025(1024)
+0	host broken ECONNRESET
+1	guest . ack 1025 win 512
+0	burst 1025:3001 1460
+0	guest P. 1:11(10) ack 3001
+0	expect R. 3001:3001(0) ack 1
+0	call abort
