/*
 * exposition - the text that Prometheus reads, in its own format or in OpenMetrics.
 *
 * Shape      A family, then its samples. The two formats differ in names of counters, in types that
 *            the older one does not know, and in the end.
 * Units      As the names say: seconds, bytes.
 * Ownership  The stream is the caller's.
 */
#ifndef FG_DAEMON_EXPOSITION_H
#define FG_DAEMON_EXPOSITION_H

#include "base/types.h"

#include <stdio.h>

typedef enum fg_metric_kind {
    FG_METRIC_COUNTER,
    FG_METRIC_GAUGE,
    FG_METRIC_HISTOGRAM,
    FG_METRIC_INFO
} fg_metric_kind_t;

typedef struct fg_exposition {
    FILE *out;
    bool is_openmetrics;
    const char *name; /* of the family that is written */
    fg_metric_kind_t kind;
} fg_exposition_t;

/* `name` without _total or _info; `unit` is its last word, NULL for none. */
void fg_exposition_family(fg_exposition_t *exposition, const char *name, fg_metric_kind_t kind,
                          const char *unit, const char *help);
/* One sample of a counter, gauge or info. `labels` as in `api="%s",stage="%s"`, "" for none; what
 * is put in must need no escapes. */
void fg_exposition_sample(fg_exposition_t *exposition, double value, const char *labels, ...)
    FG_PRINTF(3, 4);
/* One histogram: `count` upper bounds in microseconds and a bucket more for what is above, written
 * in seconds. */
void fg_exposition_histogram(fg_exposition_t *exposition, const char *labels,
                             const uint32_t *bounds_us, size_t count, const uint64_t *buckets,
                             uint64_t sum_us);
void fg_exposition_end(fg_exposition_t *exposition);

/* Of Content-Type. */
const char *fg_exposition_type(bool is_openmetrics);

#endif
