/*
 * outbox - alerts that were fired, and the events that tell of them until they are delivered.
 *
 * Shape      An alert is fired once per plan, key, window and threshold; the event that tells of it
 *            is put in the same transaction, so that a kill at any moment loses neither. An event
 *            keeps its id through every attempt.
 * Ownership  Rows are read into the caller's arena.
 * Threads    As the store.
 * Rule       docs/rules/alerts.md AL1 (once), AL4 (no event is lost), AL5 (when it is given up).
 */
#ifndef FG_STORE_OUTBOX_H
#define FG_STORE_OUTBOX_H

#include "store/store.h"

enum { FG_EVENT_ID_BYTES = 36 };

/* Fire a threshold (percent) of the window that opened on `start_day`; *ret_is_new is false when
 * it was fired before. */
FG_MUST_USE fg_status_t fg_store_alert_fire(fg_store_t *store, fg_str_t plan_id, fg_str_t key_id,
                                            uint32_t start_day, unsigned threshold, fg_wall_t now,
                                            bool *ret_is_new, fg_error_t *reterr);

typedef enum fg_outbox_state {
    FG_OUTBOX_PENDING,   /* an attempt is due at next_at */
    FG_OUTBOX_DELIVERED, /* at delivered_at */
    FG_OUTBOX_FAILED,    /* given up; last_error says why */
    FG_OUTBOX_UNSENT,    /* there was no URL to send it to */
    FG_OUTBOX_STATES     /* of a query: all */
} fg_outbox_state_t;

typedef struct fg_outbox_event {
    int64_t number; /* ascending, given by the store */
    fg_str_t id;    /* given by the store: a uuid */
    fg_str_t url;   /* "": nowhere, the event is only listed */
    fg_str_t body;  /* JSON */
    fg_outbox_state_t state;
    fg_wall_t created_at, next_at, delivered_at;
    int64_t attempts;
    fg_str_t last_error; /* FG_STR_NONE: none yet */
} fg_outbox_event_t;

/* Make the id of an event that is about to be put. The text lives in the arena. */
FG_MUST_USE fg_status_t fg_store_outbox_id(fg_store_t *store, fg_arena_t *arena, fg_str_t *ret_id,
                                           fg_error_t *reterr);
/* id, url, body and created_at are taken; it is due at once, or unsent without a URL. */
FG_MUST_USE fg_status_t fg_store_outbox_put(fg_store_t *store, const fg_outbox_event_t *event,
                                            fg_error_t *reterr);
/* Events whose next attempt is due, the longest waiting first, at most `max`. */
FG_MUST_USE fg_status_t fg_store_outbox_due(fg_store_t *store, fg_wall_t now, size_t max,
                                            fg_arena_t *arena, fg_outbox_event_t **ret_events,
                                            size_t *ret_count, fg_error_t *reterr);
/* Write what came of an attempt: state, attempts, next_at (pending), delivered_at (delivered),
 * last_error. One that was delivered stays so: FG_NOT_FOUND. */
FG_MUST_USE fg_status_t fg_store_outbox_update(fg_store_t *store, const fg_outbox_event_t *event,
                                               fg_error_t *reterr);
/* Newest first; those with a number below `before` (0: from the newest). */
FG_MUST_USE fg_status_t fg_store_outbox_list(fg_store_t *store, fg_outbox_state_t state,
                                             int64_t before, size_t limit, fg_arena_t *arena,
                                             fg_outbox_event_t **ret_events, size_t *ret_count,
                                             fg_error_t *reterr);
/* Drop at most `max` events, pending ones excepted, that were made before `until`, and as many
 * alerts of windows that opened before it and are no more asked for. */
FG_MUST_USE fg_status_t fg_store_outbox_trim(fg_store_t *store, fg_wall_t until, size_t max,
                                             fg_error_t *reterr);

/* The secret that signs events. FG_NOT_FOUND before it is made. */
FG_MUST_USE fg_status_t fg_store_webhook_secret_get(fg_store_t *store, fg_arena_t *arena,
                                                    uint8_t ret_secret[FG_SECRET_BYTES],
                                                    fg_error_t *reterr);
/* A new one, sealed; the former one signs no more. */
FG_MUST_USE fg_status_t fg_store_webhook_secret_make(fg_store_t *store, fg_error_t *reterr);

/* "pending" and the like; FG_OUTBOX_STATES for other texts. */
fg_outbox_state_t fg_outbox_state_of(fg_str_t text);
const char *fg_outbox_state_text(fg_outbox_state_t state);

#endif
