# A call goes to where the guest is meant to be; when it shows up elsewhere, there
forward 8080:80
conn - 80 198.51.100.1 5555
conn B 80 198.51.100.1 5555 192.0.2.77
0	host accept 8080
+0	expect S 0:0(0)
+500	guest ping 192.0.2.77 > 198.51.100.9
+0	call ping-connect 198.51.100.9:0
+0	call udp-send 8
+500	B expect S 0:0(0)
+0	B guest S. 0:0(0) ack 1 win 65535 <mss 1460,nop,wscale 7>
+0	B expect . ack 1
+0	B state OPEN FLOW FLOW ESTABLISHED
+0	state none
+0	end open 2
