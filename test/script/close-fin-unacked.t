# The guest's FIN is not acknowledged before the remote end has everything
include out.inc
+0	host hold
+1	guest P. 1:101(100)
+0	call send 100
+0	expect . ack 101
+1	guest F. 101:101(0)
+0	call shutdown
+0	expect . ack 101
+200	guest F. 101:101(0)
+0	expect . ack 101
+400	guest F. 101:101(0)
+0	expect . ack 101
+1000	host acked 100
+0	quiet
+500	host finacked
+0	expect . ack 102
+0	state OPEN DONE FLOW CLOSE-WAIT
# and again, should that get lost
+100	guest F. 101:101(0)
+0	expect . ack 102
+1	guest R 102:102(0)
+0	call abort
