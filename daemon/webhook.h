/*
 * webhook - carries the events of the outbox to those who want them.
 *
 * Shape      A thread that looks for due events several times a second and posts some at a time,
 *            so that a receiver that does not answer holds few others up. What came of an attempt
 *            is written to the store before the event is forgotten here: a kill repeats an
 *            attempt, under the same id, and never drops one.
 * Threads    The thread takes the node's lock to read and to write, never while it waits for a
 *            receiver.
 * Rule       docs/rules/alerts.md AL3 to AL6.
 */
#ifndef FG_DAEMON_WEBHOOK_H
#define FG_DAEMON_WEBHOOK_H

#include "node.h"

FG_MUST_USE fg_status_t fg_webhooks_start(fg_node_t *node, fg_error_t *reterr);
/* Attempts that are under way are broken off; their events are due again at the next start. */
void fg_webhooks_stop(void);

#endif
