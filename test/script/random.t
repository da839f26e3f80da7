# By chance: see random.c
forward 8080:80
0	random 1 20000
0	random 2 20000
+0	flows 0
