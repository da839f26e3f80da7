# Round trips are measured: RFC 6298, 2.2 and 2.3, and Karn's algorithm
0	guest S 0:0(0) win 65535 <mss 1460,nop,wscale 7>
+0	call connect 198.51.100.1:80
+0	host connected
+0	expect S. 0:0(0) ack 1
# 500 ms: SRTT 500, RTTVAR 250
+500	guest . ack 1
+0	host data 10
+0	expect P. 1:11(10)
+500	guest . ack 11
# RTTVAR 187.5, RTO 1250
+0	host data 10
+0	expect P. 11:21(10)
+1250	expect P. 11:21(10)
# which copy this is for nobody knows: not measured, and still backed off
+10	guest . ack 21
+0	host data 10
+0	expect P. 21:31(10)
# measured: RTTVAR 140.6, RTO 1062.5
+500	guest . ack 31
+0	host data 10
+0	expect P. 31:41(10)
# one at a time is measured: the second, of 100 ms, is not
+400	host data 10
+0	expect P. 41:51(10)
+100	guest . ack 41
+10	host data 10
+0	expect P. 51:61(10)
# not the one that is measured
+90	guest . ack 51
+410	guest . ack 61
# SRTT 500, RTTVAR 79.1, RTO 816
+0	host data 10
+0	expect P. 61:71(10)
+816	expect P. 61:71(10)
+10	guest . ack 71
+0	host data 10
+0	expect P. 71:81(10)
# 900 ms: SRTT 550, RTTVAR 159.3, RTO 1187
+900	guest . ack 81
+0	host data 10
+0	expect P. 81:91(10)
# from the first byte in flight, whatever follows (RFC 6298, 5.1)
+1000	host data 10
+0	expect P. 91:101(10)
+187	expect P. 81:101(20)
+0	guest R 1:1(0)
+0	call abort
