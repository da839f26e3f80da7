# TIME-WAIT: the same remote port connects again
include in.inc
+1	host fin
+0	expect F. 1:1(0)
+0	guest F. 1:1(0) ack 2
+0	call shutdown
+0	expect . 2:2(0) ack 1
+0	host finacked
+0	expect . ack 2
+0	call close
+0	state WAIT
+5	host accept 8080
+0	expect S 0:0(0)
+0	state CALL
+0	flows 1
+1	guest R. 0:0(0) ack 1
+0	call abort
