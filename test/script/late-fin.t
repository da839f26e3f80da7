# A FIN behind a gap is not kept, the data before it are; it comes again
include out-sack.inc
+1	guest FP. 101:201(100)
+0	expect . ack 1 <nop,nop,sack 101:201>
+0	count tcp-order 1
+0	hold
+1	guest . 1:101(100)
+0	guest F. 201:201(0)
+0	go
+0	call send 100
+0	call send 100
+0	expect . ack 201 <>
+0	state OPEN FLOW FLOW ESTABLISHED
+1	guest F. 201:201(0)
+0	call shutdown
+0	expect . ack 201 <>
+0	state OPEN SHUT FLOW CLOSE-WAIT
# Behind the FIN nothing is kept
+0	guest . 301:401(100)
+0	expect . ack 201 <>
+0	pool 0
+0	host finacked
+0	expect . ack 202
+0	guest R 202:202(0)
+0	call abort
