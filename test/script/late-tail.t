# The socket refuses what closes the gap, and what was behind it: both wait, in order
include out-sack.inc
+0	host take 50
+1	guest . 101:201(100)
+0	expect . ack 1 <nop,nop,sack 101:201>
+0	guest . 1:101(100)
+0	call send 50 of 100
+0	call send 0 of 150
+0	expect . ack 201 <>
+0	pool 2
+1	host take all
+0	call send 150
+0	pool 0
+0	guest R 201:201(0)
+0	call abort
