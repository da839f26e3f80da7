# The host's kernel gives the remote end up
include out.inc
+1	guest P. 1:11(10)
+0	call send 10
+0	expect . ack 11
+900000	host error ETIMEDOUT
+0	expect R. 1:1(0) ack 11
+0	call abort
