# More pieces in a batch than one sendmsg() is given
include out.inc
+0	hold
+1	times 16 guest P. 1:1001(1000) split 150
+0	go
+0	call send 1000
+0	expect . ack 1001
+0	hold
+1	guest . 1001:2001(1000) split 100
+0	guest . 2001:3001(1000) split 100
+0	guest . 3001:4001(1000) split 100
+0	guest . 4001:5001(1000) split 100
+0	guest . 5001:6001(1000) split 100
+0	guest . 6001:7001(1000) split 100
+0	guest . 7001:8001(1000) split 100
+0	go
+0	call send 5000
+0	call send 2000
+0	expect . ack 6001
+0	expect . ack 8001
# one alone that is in more pieces is not taken, nor what is behind it
+0	hold
+1	guest . 8001:9001(1000) split 10
+0	guest FP. 9001:9101(100)
+0	go
+0	expect . ack 8001
+0	expect . ack 8001
+0	count tcp-limit 1
+0	state OPEN FLOW FLOW
+0	guest R 8001:8001(0)
+0	call abort
