# What the guest does waits for the commit of its epoch, and comes in order
0	epoch begin 1
+0	guest S 0:0(0) win 65535 <mss 1460,nop,wscale 7>
+1000	quiet
+0	epoch begin 2
+0	epoch commit 1
+1000	quiet
+0	epoch refused commit 1
+0	epoch refused commit 3
+0	epoch commit 2
+0	call connect 198.51.100.1:80
+0	host connected
+0	expect S. 0:0(0) ack 1
+0	guest . ack 1
+0	guest P. 1:101(100) ack 1
+10	quiet
+0	epoch begin 3
+0	guest P. 101:201(100) ack 1
+0	epoch begin 4
+0	epoch commit
+0	call send 100
+0	expect . ack 101
+10	quiet
+0	epoch abort 4
+10	quiet
+0	epoch refused commit 4
+0	epoch begin 5
+0	epoch commit 5
+0	call send 100
+0	expect . ack 201
# All goes on, and the gate is off
+0	guest P. 201:301(100) ack 1
+0	epoch release
+0	call send 100
+0	expect . ack 301
+0	guest P. 301:401(100) ack 1
+0	call send 100
+0	expect . ack 401
+0	epoch refused commit
+0	end open 1
