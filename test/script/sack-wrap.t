# Numbers wrap around behind a gap: in a range, and between two
isn 0xffffff00
include out-sack.inc
+1	guest . 201:301(100)
+0	expect . ack 1 <nop,nop,sack 201:301>
+0	guest . 101:151(50)
+0	expect . ack 1 <nop,nop,sack 101:151 201:301>
+0	guest . 401:501(100)
+0	expect . ack 1 <nop,nop,sack 401:501 101:151 201:301>
+0	guest . 151:201(50)
+0	expect . ack 1 <nop,nop,sack 101:301 401:501>
+0	guest . 1:101(100)
+0	call send 100
+0	call send 200
+0	expect . ack 301 <nop,nop,sack 401:501>
+0	guest . 301:401(100)
+0	call send 100
+0	call send 100
+0	expect . ack 501 <>
+0	guest R 501:501(0)
+0	call abort
