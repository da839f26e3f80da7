# The guest gives up while connect() is under way
0	guest S 0:0(0) <mss 1460>
+0	call connect 198.51.100.1:80
+1	guest R 5:5(0)
+0	state DIAL
+1	guest R 1:1(0)
+0	call abort
+0	state none
