# Reordered within a batch: the late one fills the gap, what is behind comes again
include out.inc
+0	hold
+1	guest . 101:201(100)
+0	guest . 1:101(100)
+0	go
+0	call send 100
+0	expect . ack 101
+0	expect . ack 101
+1	guest . 101:201(100)
+0	call send 100
+0	expect . ack 201
+0	guest R 201:201(0)
+0	call abort
