# The remote end speaks, and closes, before the guest's handshake is done
0	guest S 0:0(0) <mss 1460,nop,wscale 7>
+0	call connect 198.51.100.1:80
+1	host connected
+0	expect S. 0:0(0) ack 1
+1	host data 100
+0	host fin
+1	guest . ack 1 win 512
+0	expect P. 1:101(100)
+0	expect F. 101:101(0)
+0	state OPEN FLOW SHUT
+1	guest . ack 102
+0	state OPEN FLOW DONE
+0	guest F. 1:1(0)
+0	call shutdown
+0	expect . ack 1
+1	host finacked
+0	expect . ack 2
+0	call close
+0	state WAIT
