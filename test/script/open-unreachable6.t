# The same over IPv6, and it is known at once
ip 6
0	host nosocket ENETUNREACH
+0	guest S 0:0(0) <mss 1440>
+0	expect "icmp 1/0 fe80::1 > 2001:db8::2 mtu 0 about proto 6 [[]2001:db8::2]:40000 > [[]2001:db8:1::1]:80 seq 4294965759"
+0	count tcp-limit 0
+0	state none
