# Keepalive of ours after two hours of silence; a silent guest is given up
include out.inc
+7200000	expect . 0:0(0) ack 1
+1	guest . ack 1
+7200000	expect . 0:0(0) ack 1
+75000	expect . 0:0(0) ack 1
+75000	expect . 0:0(0) ack 1
+75000	expect . 0:0(0) ack 1
+75000	expect . 0:0(0) ack 1
+75000	expect . 0:0(0) ack 1
+75000	expect . 0:0(0) ack 1
+75000	expect . 0:0(0) ack 1
+75000	expect . 0:0(0) ack 1
+75000	expect R. 1:1(0) ack 1
+0	call abort
