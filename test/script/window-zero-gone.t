# A guest that does not answer probes for 15 minutes is gone
include out.inc
+0	guest . ack 1 win 0
+1	host data 100
+200	expect . 0:0(0)
+400	expect . 0:0(0)
+800	expect . 0:0(0)
+1600	expect . 0:0(0)
+3200	expect . 0:0(0)
+6400	expect . 0:0(0)
+12800	expect . 0:0(0)
+25600	expect . 0:0(0)
+51200	expect . 0:0(0)
+60000	expect . 0:0(0)
+60000	expect . 0:0(0)
+60000	expect . 0:0(0)
+60000	expect . 0:0(0)
+60000	expect . 0:0(0)
+60000	expect . 0:0(0)
+60000	expect . 0:0(0)
+60000	expect . 0:0(0)
+60000	expect . 0:0(0)
+60000	expect . 0:0(0)
+60000	expect . 0:0(0)
+60000	expect . 0:0(0)
+60000	expect . 0:0(0)
+60000	expect R. 1:1(0)
+0	call abort
