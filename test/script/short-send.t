# The socket takes less than the window said: the rest waits, in order
include out.inc
+0	host take 300
+1	guest P. 1:1001(1000)
+0	call send 300 of 1000
+0	expect . ack 1001
+0	count tcp-tail-bytes 700
# more room does not count before that is gone: the edge is 131073 still
+0	host room 1000000 0
# more comes: behind what waits, not before it
+1	guest P. 1001:2001(1000)
+0	expect . ack 2001 win 504
+0	count tcp-tail-bytes 1700
+5	host take 500
+0	call send 500 of 1700
+0	call send 0 of 1200
+5	host take all
+0	call send 1200
+0	expect . ack 2001 win 1953
+1	guest P. 2001:2011(10)
+0	call send 10
+0	expect . ack 2011
+0	guest R 2011:2011(0)
+0	call abort
