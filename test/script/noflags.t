# Without ACK nothing counts in an open connection
include out.inc
+1	guest - 1:11(10)
+1	guest F 1:1(0)
+1	guest P 1:11(10)
+0	count tcp-flags 3
+0	state OPEN FLOW FLOW
+0	guest R 1:1(0)
+0	call abort
