# Numbers wrap around, in the gap, in what is behind it, and between both
isn 0xffffff00
include out-sack.inc
+1	guest . 1:1001(1000)
+0	call send 1000
+0	expect . ack 1001
+1	guest . 2001:3001(1000)
+0	expect . ack 1001 <nop,nop,sack 2001:3001>
+0	guest . 1001:3001(2000)
+0	call send 2000
+0	expect . ack 3001
+0	pool 0
+0	guest R 3001:3001(0)
+0	call abort
