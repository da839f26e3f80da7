# The guest opens a connection, sends, receives, and closes first
0	guest S 0:0(0) win 65535 <mss 1460,nop,wscale 7>
+0	call connect 198.51.100.1:80
+0	state DIAL FLOW FLOW SYN-RECEIVED
+5	host connected

+0	expect S. 0:0(0) ack 1 win 65535 <mss 1460,nop,wscale 8>
+0	state DIALED FLOW FLOW SYN-RECEIVED
+1	guest . ack 1 win 512
+0	state OPEN FLOW FLOW ESTABLISHED
+0	guest P. 1:101(100)
+0	call send 100
+0	expect . ack 101
+10	host data 3000
+0	expect . 1:1461(1460)
+0	expect . 1461:2921(1460)
+0	expect P. 2921:3001(80)
+0	unread 3000
+1	guest . ack 3001
+0	unread 0
+5	guest F. 101:101(0)
+0	call shutdown
+0	expect . ack 101
+0	state OPEN SHUT FLOW CLOSE-WAIT
+5	host finacked
+0	expect . ack 102
+0	state OPEN DONE FLOW CLOSE-WAIT
+5	host fin
+0	expect F. 3001:3001(0)
+0	state OPEN DONE SHUT LAST-ACK
+1	guest . ack 3002
+0	call close
+0	state none
+0	count tcp-open-out 1
+3000	idle
