# IPv6 routers do not fragment: nothing can be done
include out6.inc
+0	host hold
+1	guest P. 1:1441(1440)
+0	call send 1440
+0	expect . ack 1441
+100	host stalled
+10000	host acked 1440
+0	count tcp-black-hole 0
+5000	guest R 1441:1441(0)
+0	call abort
