# Data offset, lengths and checksums that lie: dropped, counted, nothing else
include out.inc
+1	guest P. 1:11(10) off 4
+0	count tcp-header 1
+1	guest P. 1:11(10) off 0
+0	count tcp-header 2
+1	guest P. 1:11(10) off 15
+0	count tcp-header 3
+1	guest P. 1:11(10) badsum
+0	count checksum 1
+1	guest P. 1:11(10) iplen 1
+0	count ip4-header 1
+1	guest P. 1:11(10) iplen 30000
+0	count ip4-header 2
+1	guest P. 1:11(10) iplen -45
+0	count ip4-header 3
+1	guest P. 1:11(10) cut 60
+0	count ip4-header 4
+1	guest P. 1:11(10) cut 20
+1	guest P. 1:11(10) cut 14
+1	guest P. 1:11(10) cut 3
+0	count frame-short 3
# shorter than what was there: the checksum is wrong
+1	guest P. 1:11(10) iplen -5 cut 59
+0	count checksum 2
+1	guest P. 1:11(10) iplen -20 cut 44
+0	count tcp-header 4
# padding does not count
+1	guest P. 1:11(10) pad 6
+0	call send 10
+0	expect . ack 11
+1	guest P. 11:21(10) split 1
+0	call send 10
+0	expect . ack 21
+0	guest R 21:21(0)
+0	call abort
