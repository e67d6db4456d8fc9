/*
 * alert - thresholds of quotas, fired by the drain.
 *
 * Ownership  The agent owns what is remembered between drains.
 * Threads    Under faregated's lock.
 * Rule       docs/rules/alerts.md AL1 (once per window and key), AL4 (with the counts it tells of).
 */
#ifndef FG_AGENT_ALERT_H
#define FG_AGENT_ALERT_H

#include "agent/state.h"

/* Fire what the window of a drained pair has reached. Joins the drain's transaction. */
FG_MUST_USE fg_status_t fg_agent_alert(fg_agent_t *agent, const fg_gate_usage_t *usage,
                                       fg_now_t now, fg_error_t *reterr);
/* The transaction was rolled back: what fired in it has not. */
void fg_agent_alerts_forget(fg_agent_t *agent);
void fg_agent_alerts_free(fg_agent_t *agent);

#endif
