# The host's packets vanish on their way: routers may fragment (RFC 2923, 2.1)
include out.inc
+0	host hold
+1	guest P. 1:1461(1460)
+0	call send 1460
+0	expect . ack 1461
+100	host stalled
+2902	call allow-fragments
+0	count tcp-black-hole 1
+100	host acked 1460
+5000	guest R 1461:1461(0)
+0	call abort
