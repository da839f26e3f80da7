# The window closes while bytes are in flight, which are lost: probes, then again
include out.inc
+1	host data 2920
+0	burst 1:2921 1460
+1	guest . ack 1 win 0
+198	quiet
+401	expect . 0:0(0)
+1	guest . ack 1 win 0
+1	guest . ack 1 win 512
+0	expect . 1:1461(1460)
+0	count tcp-rto 1
+1	guest . ack 1461
+0	expect P. 1461:2921(1460)
+0	guest R 1:1(0)
+0	call abort
