# Late segments overlap: each byte is kept once, the first copy counts
include out-sack.inc
+1	guest . 201:301(100)
+0	expect . ack 1 <nop,nop,sack 201:301>
# a copy, inside, the whole
+0	guest . 201:301(100) junk
+0	expect . ack 1 <nop,nop,sack 201:301>
+0	guest . 221:281(60) junk
+0	expect . ack 1 <nop,nop,sack 201:301>
+0	count tcp-late 1
+0	count tcp-order 2
# over the end, over the beginning
+0	guest . 251:351(100)
+0	expect . ack 1 <nop,nop,sack 201:351>
+0	guest . 151:251(100)
+0	expect . ack 1 <nop,nop,sack 151:351>
# over a range and behind it: up to the range, the rest comes again
+0	guest . 401:501(100)
+0	expect . ack 1 <nop,nop,sack 401:501 151:351>
+0	guest . 301:601(300)
+0	expect . ack 1 <nop,nop,sack 151:501>
+0	guest . 301:601(300)
+0	expect . ack 1 <nop,nop,sack 151:601>
# the gap, and more
+0	guest . 1:181(180)
+0	call send 180
+0	call send 420
+0	expect . ack 601 <>
+0	pool 0
# What closes a gap may cover all that was behind it
+1	guest . 701:801(100)
+0	expect . ack 601 <nop,nop,sack 701:801>
+0	guest . 601:901(300)
+0	call send 300
+0	expect . ack 901 <>
+0	pool 0
+0	guest R 901:901(0)
+0	call abort
