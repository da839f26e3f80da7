# So many connections that each one's share is small: one that is busy gets more
memory 800000
sndbuf 4194304
conn b 40001 198.51.100.1 80
include out.inc
+0	b guest S 0:0(0) win 65535 <mss 1460,nop,wscale 7>
+0	b call connect 198.51.100.1:80
+0	b host connected
+0	b expect S. 0:0(0) ack 1 win 65535
+0	b guest . ack 1 win 512
# little is used of what is open
+1	guest P. 1:1001(1000)
+0	call send 1000
+0	expect . ack 1001 win 255
# more than half: half of the pool is its now
+1	guest P. 1001:11001(10000)
+0	call send 10000
+0	expect . ack 11001 win 255
+1	hold
+0	guest . 11001:31001(20000)
+0	guest P. 31001:51001(20000)
+0	go
+0	call send 40000
+0	expect . ack 51001 win 390
# for the other one too little is left to be worth it
+1	hold
+0	b guest . 1:20001(20000)
+0	b guest P. 20001:40001(20000)
+0	go
+0	b call send 40000
+0	b expect . ack 40001 win 255
# until the first one rests: it was watched for 3 s, and all it sent had arrived
+3500	hold
+0	b guest . 40001:60001(20000)
+0	b guest P. 60001:80001(20000)
+0	go
+0	b call send 40000
+0	b expect . ack 80001 win 390
+0	b guest R 80001:80001(0)
+0	b call abort
+1	guest R 51001:51001(0)
+0	call abort
