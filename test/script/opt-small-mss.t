# A tiny MSS: not below 48; and one of 0
conn b 40001 198.51.100.1 80
0	guest S 0:0(0) <mss 1>
+0	call connect 198.51.100.1:80
+0	host connected
+0	expect S. 0:0(0) ack 1 <mss 1460>
+0	guest . ack 1 win 4000
+1	host data 100
+0	burst 1:101 48
+0	guest R 1:1(0)
+0	call abort
+1	b guest S 0:0(0) <mss 0>
+0	b call connect 198.51.100.1:80
+0	b host connected
+0	b expect S. 0:0(0) ack 1 <mss 1460>
+0	b guest . ack 1 win 4000
+1	b host data 600
+0	b burst 1:601 536
+0	b guest R 1:1(0)
+0	b call abort
