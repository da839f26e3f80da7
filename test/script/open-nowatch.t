# The kernel has no memory to watch one more socket
conn b 80 198.51.100.1 5555
forward 8080:80
0	host nowatch ENOMEM
+0	guest S 0:0(0) <mss 1460>
+0	call connect 198.51.100.1:80
+0	call close
+0	expect R. 0:0(0) ack 1
+0	count tcp-limit 1
+1	host nowatch ENOMEM
+0	b host accept 8080
+0	b call abort
+0	count tcp-limit 2
+0	flows 0
