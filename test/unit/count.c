// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * count.c - unit test of ../../count.c
 * links: count.c
 */
#include "test/unit/check.h"

#include "count.h"

/* Each has a name of its own, in lower case, as reports and tests read them */
static void test_names(void)
{
	for (int i = 0; i < COUNT_NUM; i++) {
		const char *name = count_name[i];

		CHECK(name && *name);
		CHECK_EQ(strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-"), strlen(name));
		for (int k = 0; k < i; k++)
			CHECK(strcmp(name, count_name[k]) != 0);
	}
}

static void test_values(void)
{
	count(DROP_CSUM);
	count(DROP_CSUM);
	count_add(COUNT_TCP_TAIL, UINT64_C(1) << 40);
	CHECK_EQ(count_value[DROP_CSUM], 2);
	CHECK_EQ(count_value[COUNT_TCP_TAIL], 1LL << 40);
	CHECK_EQ(count_value[DROP_CSUM + 1], 0);
	count_reset();
	CHECK_EQ(count_value[DROP_CSUM], 0);
	CHECK_EQ(count_value[COUNT_TCP_TAIL], 0);
}

int main(void)
{
	RUN(test_names);
	RUN(test_values);
	return check_done();
}
