# The host's send queue fills: the right edge stays, never moves left
sndbuf 131072
include out.inc
+0	host hold
+1	guest P. 1:1001(1000)
+0	call send 1000
+0	expect . ack 1001 win 254
# memory grows faster than bytes
+0	host room 131072 100000
+1	guest P. 1001:2001(1000)
+0	call send 1000
# edge 66037 still, which is 1001 + (131072 - 1000) / 2
+0	expect . ack 2001 win 250
+0	host room 131072 131072
+1	guest P. 2001:3001(1000)
+0	call send 1000
+0	expect . ack 3001 win 246
+0	guest R 3001:3001(0)
+0	host acked 3000
+12	call abort
