/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef REPAIR_LINK_H
#define REPAIR_LINK_H

#include <stdbool.h>

int	repair_link_open(const char *path);
int	repair_link_accept(void);
bool	repair_link_wait(int ms);
void	repair_link_close(void);

#endif /* REPAIR_LINK_H */
