# The socket dies while bytes wait
include out.inc
+0	host take 0
+1	guest P. 1:1001(1000)
+0	call send 0 of 1000
+0	expect . ack 1001
+1	host error ECONNRESET
+0	expect R. 1:1(0) ack 1001
+0	call abort
