# SYN, RST and SYN again in one batch
0	hold
+0	guest S 0:0(0) <mss 1460>
+0	guest R 1:1(0)
+0	guest S 500:500(0) <mss 1460>
+0	guest S 500:500(0) <mss 1460>
+0	go
+0	call connect 198.51.100.1:80
+0	call abort
+0	call connect 198.51.100.1:80
+0	state DIAL
+1	host connected
+0	expect S. 0:0(0) ack 501
+0	hold
+0	guest . 501:501(0) ack 1
+0	guest P. 501:511(10) ack 1
+0	guest F. 511:511(0) ack 1
+0	guest R 511:511(0)
+0	go
+0	call send 10
+0	call shutdown
+0	expect . ack 511
+0	state DRAIN
+0	host finacked
+10	call abort
