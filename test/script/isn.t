# Initial sequence numbers of ours grow by one in 4 us (RFC 6528, 3)
conn b 40001 198.51.100.1 80
0	guest S 0:0(0) <mss 1460>
+0	call connect 198.51.100.1:80
+0	host connected
+0	expect S. 0:0(0) ack 1
+0	guest R 1:1(0)
+0	call abort
+1000	guest S 0:0(0) <mss 1460>
+0	call connect 198.51.100.1:80
+0	host connected
+0	expect S. 0:0(0) ack 1
+0	isn 250000
+0	guest R 1:1(0)
+0	call abort
+60000	guest S 0:0(0) <mss 1460>
+0	call connect 198.51.100.1:80
+0	host connected
+0	expect S. 0:0(0) ack 1
+0	isn 15000000
+0	guest R 1:1(0)
+0	call abort
