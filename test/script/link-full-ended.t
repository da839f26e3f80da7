# One that waits for the link ends meanwhile
include out.inc
+0	link full
+1	host data 3000
+1	guest R 1:1(0)
+0	call abort
+0	state none
+1	link room
+0	quiet
