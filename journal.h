/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * journal.h - what the primary writes for its standby, record by record
 *
 * All numbers are big endian.  A body that is also one of a checkpoint's sections
 * (doc/checkpoint.md) is the same here.
 */
#ifndef JOURNAL_H
#define JOURNAL_H

/**
 * enum journal_record - what a record is
 * @JOURNAL_ALL:	nothing: forget everything, all there is follows
 * @JOURNAL_NET:	body of a section NET
 * @JOURNAL_FLOW:	body of a section FLOW: a flow begins
 * @JOURNAL_TCP:	bytes that are in the queues now, unread (4), sent (4), then the body of a
 *			section TCP, in which they are too
 * @JOURNAL_UDP:	body of a section UDP
 * @JOURNAL_IN:		index of a flow (4), bytes that came for it
 * @JOURNAL_OUT:	index of a flow (4), bytes that went out
 * @JOURNAL_GONE:	index of a flow (4): it ended
 * @JOURNAL_UNIT:	number of the epoch whose boundary is here (8), 0: none.  All before it holds
 *			together; what comes behind the last one is as if it had not been written
 */
enum journal_record {
	JOURNAL_ALL = 1, JOURNAL_NET, JOURNAL_FLOW, JOURNAL_TCP, JOURNAL_UDP, JOURNAL_IN, JOURNAL_OUT,
	JOURNAL_GONE, JOURNAL_UNIT, JOURNAL_END
};

#endif /* JOURNAL_H */
