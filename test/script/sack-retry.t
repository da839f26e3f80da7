# Both ways of opening, SYN and SYN-ACK sent again: the offer is the same; IPv6
ip 6
0	guest S 0:0(0) win 65535 <mss 1440,nop,nop,sackOK>
+0	call connect [2001:db8:1::1]:80
+0	host connected
+0	expect S. 0:0(0) ack 1 <mss 1440,nop,nop,sackOK>
+1000	expect S. 0:0(0) ack 1 <mss 1440,nop,nop,sackOK>
+0	guest . ack 1
+1	guest . 201:301(100)
+0	expect . ack 1 <nop,nop,sack 201:301>
+0	guest . 401:501(100)
+0	expect . ack 1 <nop,nop,sack 401:501 201:301>
+0	guest . 601:701(100)
+0	expect . ack 1 <nop,nop,sack 601:701 401:501 201:301>
+0	guest . 801:901(100)
+0	expect . ack 1 <nop,nop,sack 801:901 601:701 401:501 201:301>
+0	guest R 1:1(0)
+0	call abort
