# The guest's FIN behind a window that is full: the announced one stays 0
sndbuf 8192
include out.inc
+0	host room 8192 8192
+1	guest FP. 1:4097(4096)
+0	call send 4096
+0	call shutdown
+0	expect . ack 4097 win 0
+1	host finacked
+0	expect . ack 4098 win 0
+0	guest R 4098:4098(0)
+0	call abort
