#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# dns.sh - the address of --dns-forward stands for the host's resolver, by UDP and
# TCP; --dns-host is another one
. "$(dirname "$0")/lib.sh"
need ip dig dnsmasq
host_up remote
guest_up
resolver <<END
nameserver 192.0.2.2
nameserver 2001:db8::2
END

# serve() - A name server for one name at the remote end: address, answer,
# another address
serve() {
	remote dnsmasq --no-daemon --no-resolv --no-hosts --conf-file=/dev/null \
		--pid-file= --user=root --log-facility=- --bind-interfaces --listen-address="$1" \
		--listen-address="${3:-$1}" \
		--address="/server.example/$2" >"$TMP/dnsmasq-$2.log" 2>&1 &
}
serve 192.0.2.2 203.0.113.1 2001:db8::2
serve 198.51.100.1 203.0.113.2
asked() { dig +short +tries=1 +time=1 "$@" server.example | grep -q '^203'; }
within 5 asked @192.0.2.2
within 5 asked @198.51.100.1

start_pasta --dns-forward 192.0.2.53 --dns-forward 2001:db8::53
for server in 192.0.2.53 2001:db8::53; do
	for by in +notcp +tcp; do
		is 203.0.113.1 "$(guest dig +short $by @$server server.example)" "$server $by"
	done
done
# Nothing but port 53 is forwarded there
never guest dig +short +tries=1 +time=1 -p 54 @192.0.2.53 server.example
stop_prog

start_pasta --dns-forward 192.0.2.53 --dns-host 198.51.100.1
is 203.0.113.2 "$(guest dig +short @192.0.2.53 server.example)" "--dns-host"
