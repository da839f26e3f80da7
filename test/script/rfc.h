/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rfc.h - the state of a connection toward the guest, in the words of RFC 9293
 *
 * Figure 5 there; by what happened first: the guest's FIN counts from when it came.
 */
#ifndef RFC_H
#define RFC_H

#include "tcp_fsm.h"

/**
 * rfc_name() - Name of a state
 * @phase:	Phase
 * @out:	State of guest to host
 * @in:		State of host to guest
 *
 * Return: name
 */
static inline const char *rfc_name(enum tcp_phase phase, enum tcp_half out, enum tcp_half in)
{
	static const char *const open_name[HALF_NUM][HALF_NUM] = {
		/* half[OUT] */	      /* half[IN]: FLOW, EOF, SHUT, DONE */
		[HALF_FLOW] = { "ESTABLISHED", "ESTABLISHED", "FIN-WAIT-1", "FIN-WAIT-2" },
		[HALF_EOF]  = { "CLOSE-WAIT", "CLOSE-WAIT", "CLOSING", "TIME-WAIT" },
		[HALF_SHUT] = { "CLOSE-WAIT", "CLOSE-WAIT", "CLOSING", "TIME-WAIT" },
		[HALF_DONE] = { "CLOSE-WAIT", "CLOSE-WAIT", "LAST-ACK", "TIME-WAIT" },
	};
	static const char *const name[PH_NUM] = {
		[PH_FREE] = "CLOSED", [PH_DIAL] = "SYN-RECEIVED",
		[PH_DIALED] = "SYN-RECEIVED", [PH_CALL] = "SYN-SENT",
		[PH_DRAIN] = "CLOSED", [PH_WAIT] = "TIME-WAIT", [PH_DEAD] = "CLOSED",
	};

	return phase == PH_OPEN ? open_name[out][in] : name[phase];
}

#endif /* RFC_H */
