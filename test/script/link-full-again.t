# Room for two frames, while three connections wait
conn b 40001 198.51.100.1 80
conn c 40002 198.51.100.1 80
include out.inc
+0	b guest S 0:0(0) win 65535 <mss 1460>
+0	b call connect 198.51.100.1:80
+0	b host connected
+0	b expect S. 0:0(0) ack 1
+0	b guest . ack 1
+0	c guest S 0:0(0) win 65535 <mss 1460>
+0	c call connect 198.51.100.1:80
+0	c host connected
+0	c expect S. 0:0(0) ack 1
+0	c guest . ack 1
+0	link full
+1	host data 4380
+0	host data 10
+1	b host data 20
+1	c host data 30
+1	link room 2
+0	burst 1:2921 1460
+1	link room 2
# it is last in line now
+0	b expect P. 1:21(20)
+0	c expect P. 1:31(30)
+1	link room
+0	burst 2921:4391 1460
+0	guest R 1:1(0)
+0	call abort
+0	b guest R 1:1(0)
+0	b call abort
+0	c guest R 1:1(0)
+0	c call abort
