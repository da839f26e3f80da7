# 250 000 connections: see scale.c
# serial
0	scale 250000
+0	count tcp-limit 1
+0	idle
