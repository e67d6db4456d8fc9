/*
 * exchange - requests to backends on behalf of TestInvokeMethod and TestInvokeAuthorizer.
 *
 * Threads    Each exchange runs in the thread that asked for it, which gives the node's lock up
 *            while it waits.
 * Rule       TI9, TI10.
 */
#ifndef FG_DAEMON_EXCHANGE_H
#define FG_DAEMON_EXCHANGE_H

#include "node.h"

/* Give the node's control its exchange. */
FG_MUST_USE fg_status_t fg_exchanges_start(fg_node_t *node, fg_error_t *reterr);
/* Exchanges that are under way fail within a second or so, new ones at once. */
void fg_exchanges_break_off(void);
/* None may be under way. */
void fg_exchanges_stop(void);

#endif
