# The third segment of the handshake carries data and FIN
0	guest S 0:0(0) <mss 1460>
+0	call connect 198.51.100.1:80
+1	host connected
+0	expect S. 0:0(0) ack 1 <mss 1460>
+1	guest FP. 1:101(100) ack 1
+0	call send 100
+0	call shutdown
+0	expect . ack 101
+1	host finacked
+0	expect . ack 102
+0	host fin
+0	expect F. 1:1(0)
+0	guest . 102:102(0) ack 2
+0	call close
