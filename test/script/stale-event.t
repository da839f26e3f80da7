# An event of a connection that is gone finds nobody, nor its successor
include out.inc
+1	guest R 1:1(0)
+0	call abort
+0	host event 1
+0	host event 0
+0	host event 0xffffffffffffff
# the same entry and the same descriptor
+1	guest S 0:0(0) win 65535 <mss 1460>
+0	call connect 198.51.100.1:80
+0	host event 1
+0	state DIAL
+0	host connected
+0	expect S. 0:0(0) ack 1
+0	host event 1
+0	state DIALED
+0	guest R 1:1(0)
+0	call abort
