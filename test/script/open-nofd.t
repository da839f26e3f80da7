# No descriptor is left: the new one is refused, the old one lives
conn b 40001 198.51.100.2 80
include out.inc
+0	host nosocket EMFILE
+0	b guest S 0:0(0) <mss 1460>
+0	b expect R. 0:0(0) ack 1
+0	b state none
+0	count tcp-limit 1
+1	guest P. 1:11(10)
+0	call send 10
+0	expect . ack 11
+0	guest R 11:11(0)
+0	call abort
