/*
 * metrics - GET /metrics: what faregated and the workers counted.
 *
 * Shape      metrics.def has a row per family. A scrape copies what it needs under the lock (the
 *            fill, sums over the workers' series, the rankings of top.h; never a walk over all
 *            keys) and writes the text without it.
 * Threads    The mount's thread.
 * Rule       docs/metrics.md.
 */
#ifndef FG_DAEMON_METRICS_H
#define FG_DAEMON_METRICS_H

#include "node.h"

typedef struct fg_metrics fg_metrics_t;

/* NULL without memory. Borrows the node. */
fg_metrics_t *fg_metrics_new(fg_node_t *node);
void fg_metrics_free(fg_metrics_t *metrics);
/* Count a call of the control API; `operation` is static, "" when none matched. */
void fg_metrics_count_call(fg_metrics_t *metrics, const char *operation, int status);
/* The text, in the arena; FG_STR_NONE on lack of memory. Takes the lock. */
fg_str_t fg_metrics_render(fg_metrics_t *metrics, bool is_openmetrics, fg_arena_t *arena);
/* Does an Accept header ask for OpenMetrics? */
bool fg_metrics_wants_openmetrics(const char *accept);

#endif
