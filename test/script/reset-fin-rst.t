# RST behind the guest's FIN, which counts as one number once it is acknowledged
include out.inc
+1	guest F. 1:1(0)
+0	call shutdown
+0	expect . ack 1
+1	host finacked
+0	expect . ack 2
+0	guest R 2:2(0)
+0	call abort
+0	state none
