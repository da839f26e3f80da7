# However a connection ends, what was late leaves the pool
conn b 40001 198.51.100.1 80
include out-sack.inc
# the remote end resets
+1	guest . 101:201(100)
+0	expect . ack 1 <nop,nop,sack 101:201>
+0	pool 1
+0	host error ECONNRESET
+0	expect R. 1:1(0) ack 1
+0	call abort
+0	pool 0
# the guest does, in the same batch
+1	guest S 0:0(0) win 65535 <mss 1460,nop,nop,sackOK>
+0	call connect 198.51.100.1:80
+0	host connected
+0	expect S. 0:0(0) ack 1
+0	guest . ack 1
+0	hold
+1	guest . 101:201(100)
+0	guest R. 1:1(0)
+0	go
+0	expect . ack 1 <nop,nop,sack 101:201>
+0	call abort
+0	pool 0
# the guest does, and what was acknowledged drains: late bytes are not awaited
+0	b guest S 0:0(0) win 65535 <mss 1460,nop,nop,sackOK>
+0	b call connect 198.51.100.1:80
+0	b host connected
+0	b expect S. 0:0(0) ack 1
+0	b guest . ack 1
+0	b host hold
+1	b guest . 1:101(100)
+0	b call send 100
+0	b expect . ack 101
+0	b guest . 201:301(100)
+0	b expect . ack 101 <nop,nop,sack 201:301>
+0	pool 1
+1	b guest R. 101:101(0)
+0	b state DRAIN
+0	pool 0
+0	b host acked 100
+10	b call abort
