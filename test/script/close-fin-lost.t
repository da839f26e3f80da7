# Our FIN is lost: it comes again, with back-off
include out.inc
+1	host data 100
+0	expect P. 1:101(100)
+1	guest . ack 101
+1	host fin
+0	expect F. 101:101(0)
+200	expect F. 101:101(0)
+400	expect F. 101:101(0)
+800	expect F. 101:101(0)
+0	state OPEN FLOW SHUT FIN-WAIT-1
+0	count tcp-rto 3
+1	guest . ack 102
+0	state OPEN FLOW DONE FIN-WAIT-2
+0	guest R 1:1(0)
+0	call abort
