# The other end has no such port: ICMP to the guest
0	guest udp 192.0.2.2:5000 > 198.51.100.53:33434 len 20 ttl 64
+0	call udp-connect 198.51.100.53:33434
+0	call udp-send 20
+5	host icmp 3 3 0 198.51.100.53
+0	expect "icmp 3/3 198.51.100.53 > 192.0.2.2 mtu 0 about proto 17 192.0.2.2:5000 > 198.51.100.53:33434"
# traceroute: a router says that the time is over
+1	guest udp 192.0.2.2:5001 > 198.51.100.53:33435 len 20 ttl 1
+0	call udp-connect 198.51.100.53:33435
+0	call ttl 1
+0	call udp-send 20
+5	host icmp 11 0 0 203.0.113.7
+0	expect "icmp 11/0 203.0.113.7 > 192.0.2.2 * 192.0.2.2:5001 > 198.51.100.53:33435"
+0	end open 2
