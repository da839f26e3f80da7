# Urgent data is ordinary data (RFC 6093, 4)
include out.inc
+1	guest PU. 1:11(10) urg 5
+0	call send 10
+0	expect . ack 11
+1	guest PU. 11:21(10) urg 5000
+0	call send 10
+0	expect . ack 21
+0	guest R 21:21(0)
+0	call abort
