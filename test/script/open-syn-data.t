# Data in a SYN, and in a SYN-ACK, is not taken: it comes again
conn b 80 198.51.100.1 5555
forward 8080:80
0	guest S 0:100(100) win 65535 <mss 1460>
+0	call connect 198.51.100.1:80
+1	host connected
+0	expect S. 0:0(0) ack 1
+0	guest P. 1:101(100) ack 1
+0	call send 100
+0	expect . ack 101
+0	guest R 101:101(0)
+0	call abort
+1	b host accept 8080
+0	b expect S 0:0(0)
+0	b guest S. 0:50(50) ack 1 win 65535 <mss 1460>
+0	b expect . ack 1
+0	b guest P. 1:51(50)
+0	b call send 50
+0	b expect . ack 51
+0	b guest R 51:51(0)
+0	b call abort
