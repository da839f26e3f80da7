# While no commit comes the guest can not answer: nothing is sent to it again
include out.inc
+0	epoch begin
+0	host data 1000
+0	expect P. 1:1001(1000) ack 1
+5	guest . ack 1001
+60000	quiet
+0	count tcp-rto 0
+0	epoch begin
+0	epoch commit
+0	epoch commit
+1000	quiet
+0	unread 0
+0	count tcp-rto 0
# One that it did not get is, once it could have answered; the stall was no round trip
+0	host data 1000
+0	expect P. 1001:2001(1000) ack 1
+0	epoch begin
+20	epoch commit
+0	epoch begin
+180	expect P. 1001:2001(1000) ack 1
+0	guest . ack 2001
+0	epoch begin
+0	epoch commit
+0	epoch commit
+0	end open 1
