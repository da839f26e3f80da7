# Flags that do not go together: RST counts before SYN, SYN before FIN
include out.inc
+1	guest SF. 1:1(0)
+0	expect . 1:1(0) ack 1
+1	guest SFPU. 1:11(10)
+0	expect . 1:1(0) ack 1
+1	guest SR 1:1(0)
+0	call abort
+0	state none
