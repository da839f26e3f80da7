# No route on the host's way: ICMP to the guest, about its own SYN
0	guest S 0:0(0) <mss 1460>
+0	call connect 198.51.100.1:80
+5	host error EHOSTUNREACH
+0	expect "icmp 3/1 192.0.2.1 > 192.0.2.2 mtu 0 about proto 6 192.0.2.2:40000 > 198.51.100.1:80 seq 4294965759"
+0	call abort
+0	state none
