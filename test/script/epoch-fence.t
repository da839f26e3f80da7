# A guest whose copy goes on elsewhere is not heard any more
include out.inc
+0	epoch begin
+0	guest P. 1:101(100) ack 1
+0	epoch begin
+0	epoch fence
+0	guest P. 101:201(100) ack 1
+0	guest R 1:1(0)
+1000	quiet
+0	epoch refused begin
+0	epoch refused commit 1
+0	epoch refused release
+0	end open 1
