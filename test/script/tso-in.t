# Unsegmented frames toward the guest: a multiple of the MSS
caps csum tso
include out.inc
+1	host data 3000
+0	expect P. 1:3001(3000) tso 1460
+1	guest . ack 3001
+1	host data 100000
+0	expect . 3001:67241(64240) tso 1460
+0	expect . 67241:68537(1296)
+1	guest . ack 68537
+0	expect P. 68537:103001(34464) tso 1460
+1	guest . ack 103001
+0	guest R 1:1(0)
+0	call abort
