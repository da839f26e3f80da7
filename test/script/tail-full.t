# The pool for what sockets refuse is full: what does not fit is not acknowledged
sndbuf 67108864
caps csum tso
include out.inc
+0	host take 0
+1	flood 1:8380417 65472
+0	call send 0 of 2095104
+0	expect . ack 2095105
+0	expect . ack 4190209
+0	expect . ack 6285313
+0	expect . ack 8380417
+0	count tcp-tail-full 0
# 8 KiB are left, and a FIN behind what was not taken does not count
+1	guest FP. 8380417:8400417(20000)
+0	expect . ack 8388609
+0	count tcp-tail-full 1
+0	state OPEN FLOW FLOW
+1	host take all
+0	times 8 call send 1048576
+0	expect . ack 8388609 win 65535
+1	guest FP. 8388609:8400417(11808)
+0	call send 11808
+0	call shutdown
+0	expect . ack 8400417
+0	host finacked
+0	expect . ack 8400418
+0	guest R 8400418:8400418(0)
+0	call abort
