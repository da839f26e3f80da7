# An old segment does not change the window (RFC 9293, 3.10.7.4: SND.WL1, WL2)
include out.inc
+1	guest P. 1:11(10)
+0	call send 10
+0	expect . ack 11
+1	guest . 11:11(0) ack 1 win 512
+1	host data 3000
+0	burst 1:3001 1460
+1	guest . ack 3001 win 512
+0	guest . 11:11(0) ack 1461 win 0
+1	host data 100
+0	expect P. 3001:3101(100)
# one that begins before the last that counted, though it brings something new
+0	guest . 1:21(20) ack 3101 win 0
+0	call send 10
+0	expect . ack 21
+0	host data 100
+0	expect P. 3101:3201(100)
+0	guest R 21:21(0)
+0	call abort
