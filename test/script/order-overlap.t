# Overlap: only the new part counts; other bytes for old numbers are not looked at
include out.inc
+1	guest . 1:101(100)
+0	call send 100
+0	expect . ack 101
+1	guest . 51:151(100)
+0	call send 50
+0	expect . ack 151
+1	guest . 1:151(150) junk
+0	expect . ack 151
+1	guest . 1:301(300)
+0	call send 150
+0	expect . ack 301
+1	guest FP. 201:401(200)
+0	call send 100
+0	call shutdown
+0	expect . ack 401
+0	host finacked
+0	expect . ack 402
+0	guest R 402:402(0)
+0	call abort
