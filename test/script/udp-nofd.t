# No descriptor for a new flow
0	host nosocket EMFILE
+0	guest udp 192.0.2.2:5000 > 198.51.100.53:53 len 20
+0	count udp-limit 1
+0	flows 0
