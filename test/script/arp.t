# ARP: whoever is asked for, it is us; but not for the guest's own address
0	guest arp who-has 192.0.2.1
+0	expect "arp 2 192.0.2.1 > 192.0.2.2"
+1	guest arp who-has 192.0.2.99
+0	expect "arp 2 192.0.2.99 > 192.0.2.2"
+1	guest arp who-has 192.0.2.2
+0	flows 0
