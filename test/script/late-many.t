# One connection has so many ranges, the smallest ones cost as much as others
include out-sack.inc
+1	flood 3:4 1
+0	expect . ack 1 <nop,nop,sack 3:4>
+0	guest . 5:6(1)
+0	expect . ack 1 <nop,nop,sack 5:6 3:*>
+0	guest . 7:8(1)
+0	expect . ack 1 <nop,nop,sack 7:8 5:*>
+0	guest . 9:10(1)
+0	expect . ack 1 <nop,nop,sack 9:10 7:*>
+0	guest . 11:12(1)
+0	expect . ack 1 <nop,nop,sack 11:12 9:*>
+0	guest . 13:14(1)
+0	expect . ack 1 <nop,nop,sack 13:14 11:*>
+0	guest . 15:16(1)
+0	expect . ack 1 <nop,nop,sack 15:16 13:*>
+0	guest . 17:18(1)
+0	expect . ack 1 <nop,nop,sack 17:18 15:*>
+0	guest . 19:20(1)
+0	expect . ack 1 <nop,nop,sack 19:20 17:*>
+0	guest . 21:22(1)
+0	expect . ack 1 <nop,nop,sack 21:22 19:*>
+0	guest . 23:24(1)
+0	expect . ack 1 <nop,nop,sack 23:24 21:*>
+0	guest . 25:26(1)
+0	expect . ack 1 <nop,nop,sack 25:26 23:*>
+0	guest . 27:28(1)
+0	expect . ack 1 <nop,nop,sack 27:28 25:*>
+0	guest . 29:30(1)
+0	expect . ack 1 <nop,nop,sack 29:30 27:*>
+0	guest . 31:32(1)
+0	expect . ack 1 <nop,nop,sack 31:32 29:*>
+0	guest . 33:34(1)
+0	expect . ack 1 <nop,nop,sack 33:34 31:*>
+0	guest . 35:36(1)
+0	expect . ack 1 <nop,nop,sack 35:36 33:*>
+0	guest . 37:38(1)
+0	expect . ack 1 <nop,nop,sack 37:38 35:*>
+0	guest . 39:40(1)
+0	expect . ack 1 <nop,nop,sack 39:40 37:*>
+0	guest . 41:42(1)
+0	expect . ack 1 <nop,nop,sack 41:42 39:*>
+0	guest . 43:44(1)
+0	expect . ack 1 <nop,nop,sack 43:44 41:*>
+0	guest . 45:46(1)
+0	expect . ack 1 <nop,nop,sack 45:46 43:*>
+0	guest . 47:48(1)
+0	expect . ack 1 <nop,nop,sack 47:48 45:*>
+0	guest . 49:50(1)
+0	expect . ack 1 <nop,nop,sack 49:50 47:*>
+0	guest . 51:52(1)
+0	expect . ack 1 <nop,nop,sack 51:52 49:*>
+0	guest . 53:54(1)
+0	expect . ack 1 <nop,nop,sack 53:54 51:*>
+0	guest . 55:56(1)
+0	expect . ack 1 <nop,nop,sack 55:56 53:*>
+0	guest . 57:58(1)
+0	expect . ack 1 <nop,nop,sack 57:58 55:*>
+0	guest . 59:60(1)
+0	expect . ack 1 <nop,nop,sack 59:60 57:*>
+0	guest . 61:62(1)
+0	expect . ack 1 <nop,nop,sack 61:62 59:*>
+0	guest . 63:64(1)
+0	expect . ack 1 <nop,nop,sack 63:64 61:*>
+0	guest . 65:66(1)
+0	expect . ack 1 <nop,nop,sack 65:66 63:*>
+0	guest . 67:68(1)
+0	expect . ack 1 <nop,nop,sack 67:68 65:*>
+0	guest . 69:70(1)
+0	expect . ack 1 <nop,nop,sack 69:70 67:*>
+0	guest . 71:72(1)
+0	expect . ack 1 <nop,nop,sack 71:72 69:*>
+0	guest . 73:74(1)
+0	expect . ack 1 <nop,nop,sack 73:74 71:*>
+0	guest . 75:76(1)
+0	expect . ack 1 <nop,nop,sack 75:76 73:*>
+0	guest . 77:78(1)
+0	expect . ack 1 <nop,nop,sack 77:78 75:*>
+0	guest . 79:80(1)
+0	expect . ack 1 <nop,nop,sack 79:80 77:*>
+0	guest . 81:82(1)
+0	expect . ack 1 <nop,nop,sack 81:82 79:*>
+0	guest . 83:84(1)
+0	expect . ack 1 <nop,nop,sack 83:84 81:*>
+0	guest . 85:86(1)
+0	expect . ack 1 <nop,nop,sack 85:86 83:*>
+0	guest . 87:88(1)
+0	expect . ack 1 <nop,nop,sack 87:88 85:*>
+0	guest . 89:90(1)
+0	expect . ack 1 <nop,nop,sack 89:90 87:*>
+0	guest . 91:92(1)
+0	expect . ack 1 <nop,nop,sack 91:92 89:*>
+0	guest . 93:94(1)
+0	expect . ack 1 <nop,nop,sack 93:94 91:*>
+0	guest . 95:96(1)
+0	expect . ack 1 <nop,nop,sack 95:96 93:*>
+0	guest . 97:98(1)
+0	expect . ack 1 <nop,nop,sack 97:98 95:*>
+0	guest . 99:100(1)
+0	expect . ack 1 <nop,nop,sack 99:100 97:*>
+0	guest . 101:102(1)
+0	expect . ack 1 <nop,nop,sack 101:102 99:*>
+0	guest . 103:104(1)
+0	expect . ack 1 <nop,nop,sack 103:104 101:*>
+0	guest . 105:106(1)
+0	expect . ack 1 <nop,nop,sack 105:106 103:*>
+0	guest . 107:108(1)
+0	expect . ack 1 <nop,nop,sack 107:108 105:*>
+0	guest . 109:110(1)
+0	expect . ack 1 <nop,nop,sack 109:110 107:*>
+0	guest . 111:112(1)
+0	expect . ack 1 <nop,nop,sack 111:112 109:*>
+0	guest . 113:114(1)
+0	expect . ack 1 <nop,nop,sack 113:114 111:*>
+0	guest . 115:116(1)
+0	expect . ack 1 <nop,nop,sack 115:116 113:*>
+0	guest . 117:118(1)
+0	expect . ack 1 <nop,nop,sack 117:118 115:*>
+0	guest . 119:120(1)
+0	expect . ack 1 <nop,nop,sack 119:120 117:*>
+0	guest . 121:122(1)
+0	expect . ack 1 <nop,nop,sack 121:122 119:*>
+0	guest . 123:124(1)
+0	expect . ack 1 <nop,nop,sack 123:124 121:*>
+0	guest . 125:126(1)
+0	expect . ack 1 <nop,nop,sack 125:126 123:*>
+0	guest . 127:128(1)
+0	expect . ack 1 <nop,nop,sack 127:128 125:*>
+0	guest . 129:130(1)
+0	expect . ack 1 <nop,nop,sack 129:130 127:*>
+0	pool 64
+0	count tcp-order 0
+0	guest . 201:202(1)
+0	expect . ack 1 <nop,nop,sack 129:130 *>
+0	count tcp-order 1
# One may still grow, and two may become one
+0	guest . 4:5(1)
+0	expect . ack 1 <nop,nop,sack 3:6 129:130 *>
+0	guest . 201:202(1)
+0	expect . ack 1 <nop,nop,sack 201:202 3:6 *>
+0	pool 65
+0	guest R 1:1(0)
+0	call abort
+0	pool 0
