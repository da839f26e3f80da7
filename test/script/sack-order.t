# Blocks: what changed last first, up to four; no others when there is no gap
include out-sack.inc
+1	guest . 1:101(100)
+0	call send 100
+0	expect . ack 101 <>
+0	guest . 201:301(100)
+0	expect . ack 101 <nop,nop,sack 201:301>
+0	guest . 401:501(100)
+0	expect . ack 101 <nop,nop,sack 401:501 201:301>
+0	guest . 801:901(100)
+0	expect . ack 101 <nop,nop,sack 801:901 401:501 201:301>
+0	guest . 601:701(100)
+0	expect . ack 101 <nop,nop,sack 601:701 801:901 401:501 201:301>
+0	guest . 1001:1101(100)
+0	expect . ack 101 <nop,nop,sack 1001:1101 601:701 801:901 401:501>
# A range that grows is the newest, and so is one of which a copy came
+0	guest . 301:351(50)
+0	expect . ack 101 <nop,nop,sack 201:351 1001:1101 601:701 801:901>
+0	guest . 811:821(10)
+0	expect . ack 101 <nop,nop,sack 801:901 201:351 1001:1101 601:701>
+0	guest . 501:601(100)
+0	expect . ack 101 <nop,nop,sack 401:701 801:901 201:351 1001:1101>
# Other acknowledgements say it too; segments with data have no room for options
+1	host data 100
+0	expect P. 1:101(100) ack 101 <>
+0	guest . 1101:1101(0) ack 101
+1	guest . 1:11(10) ack 101
+0	expect . ack 101 <nop,nop,sack 401:701 801:901 201:351 1001:1101>
# The first gap is closed: one acknowledgement, and the others are still there
+0	guest . 101:201(100)
+0	call send 100
+0	call send 150
+0	expect . ack 351 <nop,nop,sack 401:701 801:901 1001:1101>
+0	guest R 351:351(0)
+0	call abort
