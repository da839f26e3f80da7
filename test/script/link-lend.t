# The link takes two frames at once
include out.inc
+0	link lend 2
+1	host data 10000
+0	burst 1:10001 1460
+1	guest . ack 10001
+0	guest R 1:1(0)
+0	call abort
