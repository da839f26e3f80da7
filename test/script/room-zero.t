# The guest fills the window; it opens when the host's queue drains
sndbuf 8192
include out.inc
+0	host hold
+0	hold
+1	guest . 1:1461(1460)
+0	guest . 1461:2921(1460)
+0	guest P. 2921:4097(1176)
+0	go
+0	call send 4096
+0	expect . ack 4097 win 8
# memory is used up: the edge stays
+0	host room 8192 8192
+0	guest . 4097:5557(1460)
+0	call send 1460
+0	expect . ack 5557 win 2
+0	guest P. 5557:6145(588)
+0	call send 588
+0	expect . ack 6145 win 0
# the guest probes
+200	guest . 6144:6144(0)
+0	expect . ack 6145 win 0
+200	guest P. 6145:6146(1)
+0	expect . ack 6145 win 0
+100	host acked 6144
+0	quiet
+1	host room 8192 0
+0	expect . ack 6145 win 16
+0	count tcp-window-update 1
+0	guest P. 6145:6155(10)
+0	call send 10
+0	expect . ack 6155
+0	host acked 10
# and once more
+0	host room 8192 4096
+1	guest P. 6155:10241(4086)
+0	call send 4086
+0	expect . ack 10241 win 0
+1	host room 8192 0
+0	expect . ack 10241 win 8
+0	count tcp-window-update 2
+0	host acked 4086
+0	guest R 10241:10241(0)
+0	call abort
