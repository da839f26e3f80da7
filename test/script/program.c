// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * program.c - passt.c itself, but for its main()
 *
 * The loop, the switch and the order of initialisation are the program's own, so
 * the file is included as it is.  What the guest has is said by the script and not
 * read from the host.
 */
#include "script.h"

int passt_main(int argc, char **argv);

/* set_net() - What @net points to is not constant, only not for others to change */
static void set_net(void)
{
	union {
		const struct net *theirs;
		struct net *ours;
	} p = { .theirs = net };

	*p.ours = script_setup.net;
}

#define main passt_main
#define net_init(conf) set_net()
#include "passt.c"	/* NOLINT(bugprone-suspicious-include): on purpose, see above */
#undef main
#undef net_init

/**
 * program_run() - From the start to the end, which the script decides
 *
 * Return: exit status
 */
int program_run(void)
{
	struct conf *c = &self.conf;

	option_begin(c, CONF_PASST);
	c->listen.ports = script_setup.ports;
	c->fwd.map_gw = true;
	init_base(c, loop_now());
	open_link(c);
	init_flows(c);
	if (fwd_listen_open(loop_now()))
		return EXIT_FAILURE;
	run();
	return self.status;
}
