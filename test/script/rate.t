# Opening is as fast with 250 000 connections as with 100: see scale.c
# serial
# optimised
0	rate 250000
+0	idle
