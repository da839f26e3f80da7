# Late bytes beyond the window are cut off, or dropped
sndbuf 20000
include out-sack.inc
+1	guest . 5001:15001(10000)
+0	expect . ack 1 win 39 <nop,nop,sack 5001:10001>
+0	count tcp-window 1
+0	guest . 10001:11001(1000)
+0	expect . ack 1 win 39
+0	count tcp-window 2
+0	guest . 10002:11001(999)
+0	expect . ack 1 win 39
+0	count tcp-window 3
+0	pool 1
+1	guest . 1:5001(5000)
+0	call send 5000
+0	call send 5000
+0	expect . ack 10001 <>
# No window at all: nothing behind a gap is kept
+0	host room 20000 20000
+0	host hold
+0	host take 0
+1	guest . 10001:20001(10000)
+0	call send 0 of 10000
+0	expect . ack 20001 win 0 <>
+0	pool 1
+1	guest . 20002:20102(100)
+0	expect . ack 20001 win 0 <>
+0	pool 1
+0	guest R 20001:20001(0)
+0	quiet
+0	state DRAIN
+0	host error ECONNRESET
+0	call abort
+0	pool 0
