# A gap from the guest: duplicate ACKs, one per segment; then the missing one, and all
# that came behind it counts.  A FIN is not kept: it comes again.
include out.inc
+1	guest P. 101:201(100)
+0	expect . ack 1 <>
+0	guest P. 201:301(100)
+0	expect . ack 1 <>
+0	guest F. 301:301(0)
+0	expect . ack 1 <>
+0	count tcp-dupack-sent 3
+0	count tcp-late 2
+0	count tcp-order 1
+0	pool 1
+1	guest . 1:101(100)
+0	call send 100
+0	call send 200
+0	expect . ack 301
+0	pool 0
+0	state OPEN FLOW FLOW ESTABLISHED
+1	guest F. 301:301(0)
+0	call shutdown
+0	expect . ack 301
+0	host finacked
+0	expect . ack 302
+0	guest R 302:302(0)
+0	call abort
