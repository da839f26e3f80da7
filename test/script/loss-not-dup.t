# What is no duplicate ACK: with data, with another window (RFC 5681, 2)
include out.inc
+1	host data 2920
+0	burst 1:2921 1460
+1	guest . ack 1 win 500
+0	guest . ack 1 win 501
+0	guest . ack 1 win 502
+0	guest . ack 1 win 503
+0	guest P. 1:2(1) ack 1
+0	call send 1
+0	expect . 2921:2921(0) ack 2
+0	guest P. 2:3(1) ack 1
+0	call send 1
+0	expect . ack 3
+0	guest P. 3:4(1) ack 1
+0	call send 1
+0	expect . ack 4
+0	count tcp-fast-retransmit 0
+0	guest R 4:4(0)
+0	call abort
