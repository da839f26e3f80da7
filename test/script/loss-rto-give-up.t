# A guest that never answers again is given up after 15 time-outs
include out.inc
+1	host data 100
+0	expect P. 1:101(100)
+200	expect P. 1:101(100)
+400	expect P. 1:101(100)
+800	expect P. 1:101(100)
+1600	expect P. 1:101(100)
+3200	expect P. 1:101(100)
+6400	expect P. 1:101(100)
+12800	expect P. 1:101(100)
+25600	expect P. 1:101(100)
+51200	expect P. 1:101(100)
+60000	expect P. 1:101(100)
+60000	expect P. 1:101(100)
+60000	expect P. 1:101(100)
+60000	expect P. 1:101(100)
+60000	expect P. 1:101(100)
+60000	expect P. 1:101(100)
+60000	expect R. 101:101(0)
+0	call abort
+0	count tcp-rto 15
