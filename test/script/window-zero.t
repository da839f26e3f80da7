# The guest closes its window: probes with back-off, until it opens (RFC 9293, 3.8.6.1)
include out.inc
+1	host data 3000
+0	burst 1:3001 1460
+1	guest . ack 3001 win 0
+1	host data 1000
+0	quiet
# what comes meanwhile does not put the probe off
+100	host data 1000
+100	expect . 3000:3000(0)
+1	guest . ack 3001 win 0
+399	expect . 3000:3000(0)
+1	guest . ack 3001 win 0
+799	expect . 3000:3000(0)
+0	count tcp-window-probe 3
+0	unread 2000
+1	guest . ack 3001 win 100
+0	burst 3001:5001 1460
+1	guest . ack 5001
+0	unread 0
+0	count tcp-rto 0
+0	guest R 1:1(0)
+0	call abort
