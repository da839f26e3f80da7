# By chance, on a kernel without SO_PEEK_OFF for TCP, with a small send queue
kernel old
sndbuf 5000
forward 8080:80
0	random 3 20000
+0	flows 0
