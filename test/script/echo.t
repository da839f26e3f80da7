# Echo request and reply; identifier and number come back; time over on the way
0	guest ping 192.0.2.2 > 198.51.100.9 id 7 seq 1 len 56
+0	call ping-connect 198.51.100.9:0
+0	call udp-send 64
+5	host datagram 64
+0	expect "icmp 0/0 198.51.100.9 > 192.0.2.2 id 7 seq 1 len 56"
+1	guest ping 192.0.2.2 > 198.51.100.9 id 7 seq 2 len 56 ttl 1
+0	call ttl 1
+0	call udp-send 64
+5	host icmp 11 0 0 203.0.113.7
+0	expect "icmp 11/0 203.0.113.7 > 192.0.2.2 * about proto 1 *"
+0	flows 1
+29996	call close
+0	flows 0
