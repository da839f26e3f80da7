# Reordered within a batch: the gap is closed at its end, no duplicate ACK is sent
include out.inc
+0	hold
+1	guest . 101:201(100)
+0	guest . 1:101(100)
+0	guest . 201:301(100)
+0	go
+0	call send 100
+0	call send 200
+0	expect . ack 301
+0	count tcp-dupack-sent 0
+0	guest R 301:301(0)
+0	call abort
