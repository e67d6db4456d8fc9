/*
 * event - what is told to a webhook: CloudEvents 1.0, structured mode, as JSON.
 *
 * Shape      Pure functions from figures to text.
 * Ownership  The text lives in the caller's arena.
 * Rule       docs/rules/alerts.md AL2 (forecast), AL3 (form).
 */
#ifndef FG_MODEL_EVENT_H
#define FG_MODEL_EVENT_H

#include "base/arena.h"
#include "base/clock.h"
#include "limit/forecast.h"

#define FG_EVENT_QUOTA_THRESHOLD "io.faregate.quota.threshold"
#define FG_EVENT_TEST            "io.faregate.test"

typedef struct fg_event {
    fg_str_t id;
    const char *store_uuid; /* the source is "urn:faregate:<uuid>" */
    fg_wall_t at;
} fg_event_t;

/* A share of a quota that is used up. */
typedef struct fg_alert {
    fg_str_t plan_id;
    fg_str_t key_id;      /* FG_STR_NONE: the quota is one that a customer's keys share */
    fg_str_t customer_id; /* FG_STR_NONE: the key has none */
    unsigned threshold;   /* percent of the limit */
    uint64_t used, limit;
    fg_wall_t opened_at, ends_at; /* the window */
    bool has_recent;
    fg_pace_t recent; /* of the last hour, or of as much of it as lies in the window */
} fg_alert_t;

/* The subject is the key's id, or the customer's. FG_STR_NONE on lack of memory. */
fg_str_t fg_event_alert(const fg_event_t *event, const fg_alert_t *alert, fg_arena_t *arena);
/* An event without a subject that says only that it is a test. */
fg_str_t fg_event_test(const fg_event_t *event, fg_arena_t *arena);

#endif
