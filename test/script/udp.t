# A UDP flow, out and back; 30 s at first, 120 s once it lasted (as nf_conntrack)
conn b 1 198.51.100.53 1
0	guest udp 192.0.2.2:5000 > 198.51.100.53:9000 len 20
+0	call udp-connect 198.51.100.53:9000
+0	call udp-send 20
+5	host datagram 100
+0	expect "udp 198.51.100.53:9000 > 192.0.2.2:5000 len 100"
+0	flows 1
+1	b guest udp 192.0.2.2:5001 > 198.51.100.53:9000 len 0
+0	b call udp-connect 198.51.100.53:9000
+0	b call udp-send 0
+2500	guest udp 192.0.2.2:5000 > 198.51.100.53:9000 len 1472
+0	call udp-send 1472
+1	host datagram 1472
+0	expect "udp 198.51.100.53:9000 > 192.0.2.2:5000 len 1472"
+27499	b call close
+0	flows 1
+92500	call close
+0	flows 0
+0	idle
