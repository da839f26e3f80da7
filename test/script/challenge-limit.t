# Challenge ACKs are limited, 100 in a second (RFC 5961, 7)
include out.inc
+1	hold
+0	times 150 guest S 5000:5000(0) <mss 1460>
+0	go
+0	times 100 expect . 1:1(0) ack 1
+0	count tcp-challenge-ack 100
+1000	guest S 5000:5000(0) <mss 1460>
+0	expect . 1:1(0) ack 1
+0	guest R 1:1(0)
+0	call abort
