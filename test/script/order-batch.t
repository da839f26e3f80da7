# Gap in the middle of a batch: what is in order is taken and acknowledged first
include out.inc
+0	hold
+1	guest . 1:101(100)
+0	guest . 101:201(100)
+0	guest . 301:401(100)
+0	guest . 401:501(100)
+0	guest . 501:601(100)
+0	go
+0	call send 200
+0	expect . ack 201
+0	expect . ack 201
+0	expect . ack 201
+0	expect . ack 201
# The missing one, and a copy of what is known
+0	hold
+1	guest . 201:301(100)
+0	guest . 301:401(100)
+0	go
+0	call send 200
+0	call send 200
+0	expect . ack 601
+0	pool 0
+0	guest R 601:601(0)
+0	call abort
