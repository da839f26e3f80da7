# Duplicated segments are acknowledged, and nothing of them is sent twice
include out.inc
+1	guest . 1:101(100)
+0	call send 100
+0	expect . ack 101
+1	guest . 1:101(100)
+0	expect . ack 101
+0	hold
+1	guest . 101:201(100)
+0	guest . 101:201(100)
+0	guest . 1:101(100)
+0	guest . 201:301(100)
+0	go
+0	call send 200
+0	expect . ack 301
+0	guest R 301:301(0)
+0	call abort
