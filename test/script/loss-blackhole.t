# Large segments vanish: from the third time-out on they are small (RFC 4821, 7.7)
include out.inc
+1	host data 3000
+0	burst 1:3001 1460
+200	expect . 1:1461(1460)
+400	expect . 1:1461(1460)
+800	expect . 1:537(536)
+0	count tcp-black-hole 1
+1	guest . ack 537
+0	expect . 537:1073(536)
+0	expect . 1073:1609(536)
+1	guest . ack 1609
+0	burst 1609:3001 536
+1	guest . ack 3001
+0	unread 0
+0	guest R 1:1(0)
+0	call abort
