# Scale 14, and more than that, which counts as 14 (RFC 7323, 2.3)
conn b 40001 198.51.100.1 80
conn c 40002 198.51.100.1 80
0	guest S 0:0(0) <mss 1460,nop,wscale 14>
+0	call connect 198.51.100.1:80
+0	host connected
+0	expect S. 0:0(0) ack 1 <mss 1460,nop,wscale 8>
+0	guest . ack 1 win 1
+1	host data 20000
+0	burst 1:16385 1460
+1	guest . ack 16385
+0	burst 16385:20001 1460
+0	guest R 1:1(0)
+0	call abort
+1	b guest S 0:0(0) <mss 1460,nop,wscale 15>
+0	b call connect 198.51.100.1:80
+0	b host connected
+0	b expect S. 0:0(0) ack 1
+0	b guest . ack 1 win 1
+1	b host data 20000
+0	b burst 1:16385 1460
+0	b guest R 1:1(0)
+0	b call abort
+1	c guest S 0:0(0) <mss 1460,nop,wscale 255>
+0	c call connect 198.51.100.1:80
+0	c host connected
+0	c expect S. 0:0(0) ack 1
+0	c guest . ack 1 win 1
+1	c host data 20000
+0	c burst 1:16385 1460
+0	c guest R 1:1(0)
+0	c call abort
