# RST of the guest, exact number, nothing under way: relayed at once
include out.inc
+1	guest R. 1:1(0)
+0	call abort
+0	state none
