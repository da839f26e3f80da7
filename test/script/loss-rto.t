# Nothing is acknowledged: back-off, and one segment in flight (RFC 6298, 5; 5681, 3.1)
include out.inc
+1	host data 14600
+0	burst 1:14601 1460
+200	expect . 1:1461(1460)
+400	expect . 1:1461(1460)
+0	count tcp-rto 2
# two more for each that is acknowledged, as in slow start
+1	guest . ack 1461
+0	expect . 1461:2921(1460)
+0	expect . 2921:4381(1460)
+1	guest . ack 4381
+0	burst 4381:10221 1460
# the rest was not lost: a cumulative ACK beyond what was sent again
+1	guest . ack 14601
+0	unread 0
+0	host data 10
+0	expect P. 14601:14611(10)
+0	guest R. 1:1(0) ack 14611
+0	call abort
