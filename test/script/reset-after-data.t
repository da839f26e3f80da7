# Data and RST in one batch: the data count, then the connection drains
include out.inc
+0	host hold
+0	hold
+1	guest P. 1:101(100)
+0	guest R. 101:101(0)
+0	go
+0	call send 100
+0	expect . ack 101
+0	state DRAIN
+50	quiet
+0	host acked 100
+2	call abort
+0	state none
