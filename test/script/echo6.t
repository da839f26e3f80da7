# The same over IPv6
0	guest ping 2001:db8::2 > 2001:db8:9::9 id 7 seq 1 len 56
+0	call ping-connect [2001:db8:9::9]:0
+0	call udp-send 64
+5	host datagram 64
+0	expect "icmp 129/0 2001:db8:9::9 > 2001:db8::2 id 7 seq 1 len 56"
+0	end open 1
