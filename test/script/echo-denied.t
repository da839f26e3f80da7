# ping_group_range forbids it: nothing to the guest, a line in the log
0	host nosocket EACCES
+0	guest ping 192.0.2.2 > 198.51.100.9 id 7 seq 1 len 56
+0	count icmp-send 1
+0	flows 0
