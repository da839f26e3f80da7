# Source and destination that can not be
conn b 40001 127.0.0.1 80
conn c 40002 224.0.0.1 80
conn d 40003 255.255.255.255 80
conn e 40004 0.0.0.0 80
0	b guest S 0:0(0) <mss 1460>
+0	c guest S 0:0(0) <mss 1460>
+0	d guest S 0:0(0) <mss 1460>
+0	e guest S 0:0(0) <mss 1460>
+0	count tcp-header 2
+0	count ip-destination 2
+0	flows 0
