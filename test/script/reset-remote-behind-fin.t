# FIN and then RST of the remote end
include out.inc
+1	host data 100
+0	expect P. 1:101(100)
+0	host fin
+0	expect F. 101:101(0)
+0	guest . ack 102
+0	guest P. 1:11(10)
+0	call send 10
+0	expect . ack 11
+0	host error EPIPE
+0	expect R. 102:102(0) ack 11
+0	call abort
