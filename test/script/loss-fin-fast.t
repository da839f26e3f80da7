# Duplicate ACKs while only our FIN is in flight; and data in front of it lost
conn b 40001 198.51.100.1 80
include out.inc
+1	host fin
+0	expect F. 1:1(0)
+0	guest . ack 1
+0	guest . ack 1
+0	guest . ack 1
+0	expect F. 1:1(0)
+0	guest . ack 2
+0	guest R 1:1(0)
+0	call abort
+0	b guest S 0:0(0) win 65535 <mss 1460>
+0	b call connect 198.51.100.1:80
+0	b host connected
+0	b expect S. 0:0(0) ack 1
+0	b guest . ack 1
+1	b host data 3000
+0	b burst 1:3001 1460
+0	b host fin
+0	b expect F. 3001:3001(0)
+0	times 4 b guest . ack 1461
+0	b expect P. 1461:2921(1460)
+1	b guest . ack 2921
+0	b expect P. 2921:3001(80)
+1	b guest . ack 3002
+0	b state OPEN FLOW DONE
+0	b unread 0
+0	b guest R 1:1(0)
+0	b call abort
