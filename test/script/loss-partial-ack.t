# Two segments lost: a partial ACK sends the next one (RFC 6582, 3.2)
include out.inc
+1	host data 14600
+0	burst 1:14601 1460
+1	guest . ack 1461
+0	guest . ack 1461
+0	guest . ack 1461
+0	guest . ack 1461
+0	expect P. 1461:2921(1460)
+0	guest . ack 1461
+0	guest . ack 1461
+1	guest . ack 5841
+0	expect P. 5841:7301(1460)
+0	count tcp-fast-retransmit 1
# duplicate ACKs within the recovery send nothing
+0	guest . ack 5841
+0	guest . ack 5841
+0	guest . ack 5841
+1	guest . ack 14601
+0	unread 0
# recovered: three others count again
+0	host data 4380
+0	burst 14601:18981 1460
+0	guest . ack 14601
+0	guest . ack 14601
+0	guest . ack 14601
+0	expect P. 14601:16061(1460)
+0	count tcp-fast-retransmit 2
+0	guest R. 1:1(0) ack 18981
+0	call abort
