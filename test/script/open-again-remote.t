# The same ports once more from outside, while the first are in use
conn b 80 198.51.100.1 5555
include in.inc
+1	b host accept 8080
+0	b call abort
+0	state OPEN
+0	host data 10
+0	expect P. 1:11(10)
+0	guest R 1:1(0)
+0	call abort
