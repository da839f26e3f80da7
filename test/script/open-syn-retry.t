# Our SYN is repeated with back-off, then given up
conn - 80 198.51.100.1 5555
forward 8080:80
0	host accept 8080
+0	expect S 0:0(0) <mss 1460,nop,wscale 8,nop,nop,sackOK>
+1000	expect S 0:0(0) <mss 1460,nop,wscale 8,nop,nop,sackOK>
+2000	expect S 0:0(0)
+4000	expect S 0:0(0)
+8000	expect S 0:0(0)
+16000	expect S 0:0(0)
+32000	expect S 0:0(0)
+60000	expect "R*"
+0	call abort
+0	state none
