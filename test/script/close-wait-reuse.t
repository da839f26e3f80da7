# TIME-WAIT: a SYN with a higher number opens a new connection (RFC 9293, 3.6.1)
include out.inc
+1	host fin
+0	expect F. 1:1(0)
+0	guest F. 1:1(0) ack 2
+0	call shutdown
+0	expect . 2:2(0) ack 1
+0	host finacked
+0	expect . ack 2
+0	call close
+0	state WAIT
# one with an old number does not
+5	guest S -100:-100(0) win 65535 <mss 1460>
+0	expect . 2:2(0) ack 2
+0	state WAIT
+5	guest S 100000:100000(0) win 65535 <mss 1460>
+0	call connect 198.51.100.1:80
+0	state DIAL
+1	guest R 100001:100001(0)
+0	call abort
+0	state none
