#!/bin/sh
. "$(dirname "$0")/lib.sh"
host_up remote
guest_up
start_pasta -d -p $TMP/x.pcap -t 5002
strace -f -o $TMP/st -p $PROG & D=$!; sleep 0.5
guest socat TCP-LISTEN:5002 - &
within 5 listening 5002 guest
sleep 0.5
echo hi | nsenter -t $REMOTE -n socat - TCP:192.0.2.1:5002 || :
sleep 0.3
echo ---; grep -v epoll_wait $TMP/st | head -60; exit 0
strace -f -o $TMP/st -p $PROG & D=$!; sleep 0.5
echo; tcpdump -Z root -n -r $TMP/h.pcap | head -30
head -5 $TMP/pasta.log
