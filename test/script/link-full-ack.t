# An acknowledgement is lost on a full link: the guest's repetition is answered
include out.inc
+0	link full
+1	guest P. 1:11(10)
+0	call send 10
+0	count link-full 1
+200	link room
+0	guest P. 1:11(10)
+0	expect . ack 11
+0	guest R 11:11(0)
+0	call abort
