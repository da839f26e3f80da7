# Nobody listens in the guest: the remote end is reset
conn - 80 198.51.100.1 5555
forward 8080:80
0	host accept 8080
+0	expect S 0:0(0)
+1	guest R. 0:0(0) ack 1 win 0
+0	call abort
+0	state none
