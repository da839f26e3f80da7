# No descriptor is left for one from outside: it is refused, the old one lives
conn b 80 198.51.100.2 5555
include in.inc
+0	host nosocket EMFILE
+0	b host accept 8080
+0	b call refuse
+0	count tcp-limit 1
+1	host data 10
+0	expect P. 1:11(10)
+0	guest R 1:1(0)
+0	call abort
