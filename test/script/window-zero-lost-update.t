# The update got lost: the answer to a probe tells
include out.inc
+0	guest . ack 1 win 0
+1	host data 100
+200	expect . 0:0(0)
# nothing came back; the next one is answered
+400	expect . 0:0(0)
+1	guest . ack 1 win 512
+0	expect P. 1:101(100)
# an open window ends backing off
+200	expect P. 1:101(100)
+1	guest . ack 101
+0	guest R 1:1(0)
+0	call abort
