# The SYN-ACK comes after a repetition: opened once, no round trip measured
conn - 80 198.51.100.1 5555
forward 8080:80
0	host accept 8080
+0	expect S 0:0(0)
+1000	expect S 0:0(0)
+100	guest S. 0:0(0) ack 1 win 65535 <mss 1460,nop,wscale 7>
+0	expect . ack 1
+10	guest S. 0:0(0) ack 1 win 65535 <mss 1460,nop,wscale 7>
# its answer to the other one
+0	expect . ack 1
+0	state OPEN
+0	host data 10
+0	expect P. 1:11(10)
# nothing was measured, so the time-out backed off stays (RFC 6298, section 3)
+2000	expect P. 1:11(10)
+1	guest . 1:1(0) ack 11
+0	guest R 1:1(0)
+0	call abort
