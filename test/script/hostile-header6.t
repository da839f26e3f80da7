# The same over IPv6
include out6.inc
+1	guest P. 1:11(10) off 4
+0	count tcp-header 1
+1	guest P. 1:11(10) off 9
+0	count tcp-header 2
+1	guest P. 1:11(10) badsum
+0	count checksum 1
+1	guest P. 1:11(10) iplen 1
+0	count ip6-header 1
+1	guest P. 1:11(10) iplen 30000
+0	count ip6-header 2
+1	guest P. 1:11(10) cut 70
+0	count ip6-header 3
+1	guest P. 1:11(10) iplen -30 cut 54
+0	count tcp-header 3
+1	guest P. 1:11(10) pad 60 split 7
+0	call send 10
+0	expect . ack 11
+0	guest R 11:11(0)
+0	call abort
