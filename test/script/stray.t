# Segments of no connection are answered by RST, but RST is not (RFC 9293, 3.10.7.1)
0	guest . 5:5(0) ack 77
+0	expect R 77:77(0)
+1	guest P 5:15(10)
+0	expect R. 0:0(0) ack 15
+1	guest F 5:5(0)
+0	expect R. 0:0(0) ack 6
+1	guest R 5:5(0)
+1	guest SF 5:5(0)
+0	expect R. 0:0(0) ack 7
+1	guest S. 5:5(0) ack 9
+0	expect R 9:9(0)
+1	guest SR 5:5(0)
+0	count tcp-no-connection 7
+0	flows 0
