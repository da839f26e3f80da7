/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CONF_H
#define CONF_H

#include <stdbool.h>
#include <stdint.h>

#include "option.h"

/* What to do after the arguments were read; conf_parse() */
enum conf_result {
	CONF_RUN,		/* go on */
	CONF_HELP,		/* --help came first */
	CONF_VERSION,		/* --version came first */
	CONF_USAGE,		/* wrong: say so, then how the options are */
	CONF_WRONG,		/* wrong: say so */
	CONF_RESULT_NUM
};

enum conf_result conf_parse(int argc, char **argv, struct conf *c);
const char *conf_text(enum conf_result result, enum conf_mode mode, const char *argv0);
void	conf_read(int argc, char **argv, struct conf *c);

#endif /* CONF_H */
