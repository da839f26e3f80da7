/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CONF_H
#define CONF_H

#include "option.h"

enum conf_result conf_parse(int argc, char **argv, struct conf *c);
const char *conf_text(enum conf_result result, enum conf_mode mode, const char *argv0);
void	conf_read(int argc, char **argv, struct conf *c);

#endif /* CONF_H */
