# connect() timed out: the guest is told that the host can not be reached
0	guest S 0:0(0) <mss 1460>
+0	call connect 198.51.100.1:80
+1000	guest S 0:0(0) <mss 1460>
+2000	guest S 0:0(0) <mss 1460>
+4000	quiet
+120000	host error ETIMEDOUT
+0	expect "icmp 3/1 192.0.2.1 > 192.0.2.2 * 192.0.2.2:40000 > 198.51.100.1:80 *"
+0	call abort
+0	state none
