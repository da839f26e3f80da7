# An acknowledgement waits for the answer where guest and remote end take turns
# (RFC 9293, 3.8.6.3), 40 ms at most
include out.inc
# first request: nobody knows yet
+1	guest P. 1:11(10)
+0	call send 10
+0	expect . ack 11
+1	host data 20
+0	expect P. 1:21(20) ack 11
# from now on it goes along with the answer
+1	guest P. 11:21(10) ack 21
+0	call send 10
+5	quiet
+0	host data 20
+0	expect P. 21:41(20) ack 21
+1	guest P. 21:31(10) ack 41
+0	call send 10
# nobody answers
+39	quiet
+1	within 2 expect . ack 31
# so the next ones do not wait
+1	guest P. 31:41(10)
+0	call send 10
+0	expect . ack 41
+1	host data 20
+0	expect P. 41:61(20) ack 41
# what repeats old bytes, or is long, is acknowledged at once all the same
+1	guest P. 41:51(10) ack 61
+0	call send 10
+1	guest P. 41:51(10) ack 61
+0	expect . ack 51
+1	host data 20
+0	expect P. 61:81(20) ack 51
+1	guest P. 51:61(10) ack 81
+0	call send 10
+1	host data 20
+0	expect P. 81:101(20) ack 61
+1	hold
+0	guest . 61:1521(1460) ack 101
+0	guest . 1521:2981(1460)
+0	go
+0	call send 2920
+0	expect . ack 2981
# and so is what comes with a FIN; that itself, once it arrived
+1	host data 20
+0	expect P. 101:121(20) ack 2981
+1	guest FP. 2981:2991(10) ack 121
+0	call send 10
+0	call shutdown
+0	expect . ack 2991
+0	host finacked
+0	expect . ack 2992
+1	guest R 2992:2992(0)
+0	call abort
