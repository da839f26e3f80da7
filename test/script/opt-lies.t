# Options that lie about their length: what came before them counts
conn b 40001 198.51.100.1 80
conn c 40002 198.51.100.1 80
conn d 40003 198.51.100.1 80
conn e 40004 198.51.100.1 80
# length 0 would be an endless loop
0	guest S 0:0(0) <mss 700,hex 0300>
+0	call connect 198.51.100.1:80
+0	host connected
+0	expect S. 0:0(0) ack 1 <mss 1460>
+0	guest . ack 1
+1	host data 1000
+0	burst 1:1001 700
+0	guest R 1:1(0)
+0	call abort
# longer than the header
+1	b guest S 0:0(0) <mss 700,hex 03ff0700>
+0	b call connect 198.51.100.1:80
+0	b host connected
+0	b expect S. 0:0(0) ack 1 <mss 1460>
+0	b guest R 1:1(0)
+0	b call abort
# wrong lengths, unknown ones, the end, and something behind it
+1	c guest S 0:0(0) <hex 0203aa,hex 0302,hex fe04aabb,eol,mss 700>
+0	c call connect 198.51.100.1:80
+0	c host connected
+0	c expect S. 0:0(0) ack 1 <mss 1460>
+0	c guest . ack 1
+1	c host data 1000
+0	c burst 1:1001 536
+0	c guest R 1:1(0)
+0	c call abort
# 40 bytes of options
+1	d guest S 0:0(0) <nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,mss 700,nop,wscale 7>
+0	d call connect 198.51.100.1:80
+0	d host connected
+0	d expect S. 0:0(0) ack 1 <mss 1460,nop,wscale 8>
+0	d guest R 1:1(0)
+0	d call abort
# the end counts, whatever is behind it
+1	e guest S 0:0(0) <eol,hex 02,mss 700>
+0	e call connect 198.51.100.1:80
+0	e host connected
+0	e expect S. 0:0(0) ack 1 <mss 1460>
+0	e guest . ack 1
+1	e host data 1000
+0	e burst 1:1001 536
+0	e guest R 1:1(0)
+0	e call abort
