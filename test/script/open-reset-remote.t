# The remote end resets before the guest answered our SYN
conn - 80 198.51.100.1 5555
forward 8080:80
0	host accept 8080
+0	expect S 0:0(0)
+1	host error ECONNRESET
+0	expect "R*"
+0	call abort
+0	state none
