# A retransmission is lost in fast recovery: duplicates go on for longer than a round
# trip, and it is sent once more; not sooner
include out.inc
+1	host data 1000
+0	expect P. 1:1001(1000)
+10	guest . ack 1001
+1	host data 14600
+0	burst 1001:15601 1460
+10	guest . ack 2461
+0	times 3 guest . ack 2461
+0	expect P. 2461:3921(1460)
+0	count tcp-fast-retransmit 1
+5	guest . ack 2461
+5	guest . ack 2461
+10	guest . ack 2461
+0	expect P. 2461:3921(1460)
+0	guest . ack 2461
+0	guest . ack 2461
+5	guest . ack 15601
+0	count tcp-rto 0
+0	unread 0
+0	guest R 1:1(0)
+0	call abort
