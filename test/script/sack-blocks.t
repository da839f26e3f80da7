# Options in ordinary segments are skipped, whatever they are; SACK blocks of the guest too
include out.inc
+1	host data 2920
+0	burst 1:2921 1460
+0	guest . 1:1(0) ack 1 <nop,nop,hex 050a0000000000000000>
+0	guest . 1:1(0) ack 1 <nop,nop,sack 1461:2921>
+0	guest P. 1:11(10) ack 2921 <hex ffffffff>
+0	call send 10
+0	expect . ack 11
+0	guest P. 11:21(10) <nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop>
+0	call send 10
+0	expect . ack 21
+0	guest R 21:21(0)
+0	call abort
