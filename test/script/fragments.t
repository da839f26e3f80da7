# Segments of the guest in fragments; a first one without the header is refused
include out.inc
+1	guest P. 1:1001(1000) frag 24
+0	call send 1000
+0	expect . ack 1001
+0	hold
+1	guest P. 1001:2001(1000) frag 24
+0	guest P. 2001:3001(1000)
+0	guest P. 3001:4001(1000) frag 512
+0	go
+0	call send 3000
+0	expect . ack 4001
+1	guest P. 4001:5001(1000) frag 8
+0	count fragment-bad 1
+0	guest P. 4001:5001(1000)
+0	call send 1000
+0	expect . ack 5001
+0	guest R 5001:5001(0)
+0	call abort
