# A guest that sent bytes behind its own FIN: they are dropped
include out-sack.inc
+1	guest . 201:301(100)
+0	expect . ack 1 <nop,nop,sack 201:301>
+1	guest FP. 1:101(100)
+0	call send 100
+0	call shutdown
+0	expect . ack 101 <>
+0	pool 0
+0	host finacked
+0	expect . ack 102
+0	guest R 102:102(0)
+0	call abort
# The same in one batch, and up to the gap
+1	guest S 0:0(0) win 65535 <mss 1460,nop,nop,sackOK>
+0	call connect 198.51.100.1:80
+0	host connected
+0	expect S. 0:0(0) ack 1
+0	guest . ack 1
+0	hold
+1	guest FP. 1:101(100)
+0	guest . 102:202(100)
+0	guest . 301:401(100)
+0	go
+0	call send 100
+0	call shutdown
+0	expect . ack 101 <>
+0	pool 0
+0	host finacked
+0	expect . ack 102
+0	guest R 102:102(0)
+0	call abort
