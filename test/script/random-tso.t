# By chance, with unsegmented frames
caps csum tso
forward 8080:80
0	random 4 20000
+0	flows 0
