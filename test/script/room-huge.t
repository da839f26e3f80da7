# A send queue larger than any window: the edge is 16 MiB away, and nothing spins
sndbuf 400000000
include out.inc
+1	guest P. 1:1001(1000)
+0	call send 1000
+0	expect . ack 1001 win 65535
+0	host data 10
+0	expect P. 1:11(10)
+0	guest R 1001:1001(0)
+0	call abort
