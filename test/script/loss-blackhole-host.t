# The host's packets vanish on their way: routers may fragment (RFC 2923, 2.1)
include out.inc
+0	host hold
+1	guest P. 1:1461(1460)
+0	call send 1460
+0	expect . ack 1461
+100	host stalled
# more of the guest does not put it off
+1900	guest P. 1461:1471(10)
+0	call send 10
+0	expect . ack 1471
+1001	call allow-fragments
+0	count tcp-black-hole 1
# once is enough
+10000	quiet
+0	host acked 1470
# and when all is acknowledged there is nothing to watch
+5000	due 7000000
+0	guest R 1471:1471(0)
+0	call abort
