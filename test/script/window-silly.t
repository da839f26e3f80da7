# A few bytes of window are not filled with a few bytes (RFC 9293, 3.8.6.2.1)
include out.inc
+1	guest . ack 1 win 80
+1	host data 20000
+0	burst 1:10241 1460
# 500 more: less than a segment and than half of the window
+1	guest . ack 513 win 80
+0	quiet
+1	guest . ack 1461 win 80
+0	expect . 10241:11701(1460)
+0	guest R 1:1(0)
+0	call abort
