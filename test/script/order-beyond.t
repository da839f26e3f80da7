# Beyond the window: acknowledged and dropped; what is half in counts as far as it is
sndbuf 20000
include out.inc
+1	guest . 20001:20101(100)
+0	expect . ack 1 win 39
+0	count tcp-window 1
+1	guest . 1:12001(12000)
+0	call send 10000
+0	expect . ack 10001
+0	count tcp-window 2
+1	guest . 10001:12001(2000)
+0	call send 2000
+0	expect . ack 12001
+0	guest R 12001:12001(0)
+0	call abort
