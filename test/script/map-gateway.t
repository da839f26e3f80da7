# The gateway's address is the host's loopback; and comes back as such
conn - 40000 192.0.2.1 80
conn b 80 192.0.2.1 5555
forward 8080:80
0	guest S 0:0(0) <mss 1460>
+0	call connect 127.0.0.1:80
+1	host connected
+0	expect S. 0:0(0) ack 1
+0	guest R 1:1(0)
+0	call abort
