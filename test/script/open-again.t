# Guest's SYN in each phase: the same again, and one with another number
0	guest S 0:0(0) <mss 1460>
+0	call connect 198.51.100.1:80
+1000	guest S 0:0(0) <mss 1460>
+0	state DIAL
+1	guest S 1000:1000(0) <mss 1460>
# a new one: the old attempt is given up
+0	call abort
+0	call connect 198.51.100.1:80
+5	host connected
+0	expect S. 0:0(0) ack 1001
# our answer got lost
+300	guest S 1000:1000(0) <mss 1460>
+0	expect S. 0:0(0) ack 1001
+1	guest . 1001:1001(0) ack 1 win 512
+0	state OPEN
# in an open connection it is answered by a challenge ACK (RFC 5961, 4.2)
+1	guest S 1000:1000(0) <mss 1460>
+0	expect . 1:1(0) ack 1001
+1	guest S 5000:5000(0) <mss 1460>
+0	expect . 1:1(0) ack 1001
+0	count tcp-challenge-ack 2
+1	guest R 1001:1001(0)
+0	call abort
