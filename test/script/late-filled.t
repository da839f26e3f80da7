# Two gaps, closed one after the other: everything in order, one ACK each time
include out-sack.inc
+1	guest . 1461:2921(1460)
+0	expect . ack 1 <nop,nop,sack 1461:2921>
+0	guest . 2921:4381(1460) split 100
+0	expect . ack 1 <nop,nop,sack 1461:4381>
+0	guest . 5841:25841(20000)
+0	expect . ack 1 <nop,nop,sack 5841:25841 1461:4381>
+0	count tcp-late 3
+0	pool 3
+1	guest . 1:1461(1460)
+0	call send 1460
+0	call send 2920
+0	expect . ack 4381 <nop,nop,sack 5841:25841>
+0	pool 2
+1	guest . 4381:5841(1460)
+0	call send 1460
+0	call send 20000
+0	expect . ack 25841 <>
+0	pool 0
# What was late is in order now: a copy is old
+1	guest . 1461:2921(1460)
+0	expect . ack 25841 <>
+0	count tcp-dupack-sent 3
+0	guest R 25841:25841(0)
+0	call abort
