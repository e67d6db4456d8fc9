/*
 * store - what outlives everything: keys, plans, pairs, usage, API definitions, the change log.
 *
 * Shape      One schema over the driver seam db.h. Every write joins the caller's transaction and appends to the change
 *            log in it, so that the gate can be brought up to date from the number it last saw.
 * Ownership  Rows are read into the caller's arena.
 * Threads    One at a time; faregated holds its lock around every call. fg_store_keys_put seals on a second one.
 * Failure    FG_DISK_FULL, FG_READ_ONLY, FG_BUSY, FG_CORRUPT, FG_IO; the transaction is rolled back and nothing changed.
 *            A look-up that finds nothing returns FG_NOT_FOUND without filling `reterr`.
 */
#ifndef FG_STORE_STORE_H
#define FG_STORE_STORE_H

#include "base/arena.h"
#include "base/clock.h"
#include "base/crypto.h"
#include "base/status.h"
#include "model/api_key.h"
#include "model/usage_plan.h"

typedef struct fg_store_options {
    /* faregate.db and secret.key (mode 0600) live here; made when missing, mode 0700 */
    const char *data_dir;
    fg_random_t random;
    bool are_values_hashed; /* new key values can be recognized and never read again (rule K12) */
} fg_store_options_t;

/* Open, creating or migrating in one transaction. FG_NEWER for a schema of a later version. */
FG_MUST_USE fg_status_t fg_store_open(const fg_store_options_t *options, fg_store_t **ret_store,
                                      fg_error_t *reterr);
void fg_store_close(fg_store_t *store);
bool fg_store_is_new(const fg_store_t *store); /* this open created it */
const char *fg_store_uuid(const fg_store_t *store);
const fg_digester_t *fg_store_digester(const fg_store_t *store);
fg_db_t *fg_store_db(fg_store_t *store);
bool fg_store_are_values_hashed(const fg_store_t *store); /* rule K12 */

/* takes the write lock at once */
FG_MUST_USE fg_status_t fg_store_begin(fg_store_t *store, fg_error_t *reterr);
FG_MUST_USE fg_status_t fg_store_commit(fg_store_t *store, fg_error_t *reterr);
void fg_store_rollback(fg_store_t *store); /* nothing when none is open */

/* How long commits took, those that went well: buckets by upper bound in microseconds, the last one
 * for all above. */
enum { FG_COMMIT_BUCKETS = 13 };
extern const uint32_t fg_commit_bounds_us[FG_COMMIT_BUCKETS - 1];
typedef struct fg_commit_times {
    uint64_t buckets[FG_COMMIT_BUCKETS], sum_us;
} fg_commit_times_t;
fg_commit_times_t fg_store_commit_times(const fg_store_t *store);

/* ---- settings: name -> text (account throttle, profile, ...) ---- */
FG_MUST_USE fg_status_t fg_store_setting_get(fg_store_t *store, fg_str_t name, fg_arena_t *arena,
                                             fg_str_t *ret_text, fg_error_t *reterr);
/* change SETTING */
FG_MUST_USE fg_status_t fg_store_setting_set(fg_store_t *store, fg_str_t name, fg_str_t text,
                                             fg_error_t *reterr);

/* ---- change log ---- */
typedef enum fg_change_kind {
    FG_CHANGE_KEY,   /* id: key id; digest: of the value before, when it was deleted or replaced */
    FG_CHANGE_PLAN,  /* id: plan id */
    FG_CHANGE_API,   /* id: api id; parent "" */
    FG_CHANGE_STAGE, /* id: stage name; parent: api id */
    FG_CHANGE_SETTING,   /* id: name */
    FG_CHANGE_REMAINING, /* id: key id; parent: plan id (UpdateUsage) */
    FG_CHANGE_DOCUMENT,  /* id, parent: of a document that the gate does not read */
    FG_CHANGE_KEYS       /* id, parent: the first and last ordinal of many new keys, in decimal */
} fg_change_kind_t;

typedef struct fg_change {
    uint64_t seq;
    fg_change_kind_t kind;
    fg_str_t id, parent;
    bool has_digest;
    fg_digest_t digest;
} fg_change_t;

/* seq is given by the store */
FG_MUST_USE fg_status_t fg_store_change_append(fg_store_t *store, const fg_change_t *change,
                                               fg_error_t *reterr);
/* Changes after `seq`, oldest first, at most `max`. *ret_is_gapless is false when the log no longer reaches back that far: rebuild. */
FG_MUST_USE fg_status_t fg_store_changes(fg_store_t *store, uint64_t seq, size_t max,
                                         fg_arena_t *arena, fg_change_t **ret_changes,
                                         size_t *ret_count, bool *ret_is_gapless,
                                         fg_error_t *reterr);
FG_MUST_USE fg_status_t fg_store_change_last(fg_store_t *store, uint64_t *ret_seq,
                                             fg_error_t *reterr);
/* Drop entries up to `seq` but keep the newest `keep`. */
FG_MUST_USE fg_status_t fg_store_changes_trim(fg_store_t *store, uint64_t seq, uint64_t keep,
                                              fg_error_t *reterr);

/* ---- API keys (store/api_key.c) ---- */
/* Insert; value must be set; digest and ordinal are filled in. FG_CONFLICT "API Key already exists" for a known value. */
FG_MUST_USE fg_status_t fg_store_key_insert(fg_store_t *store, fg_api_key_t *key,
                                            fg_error_t *reterr);
/* Write every column of an existing key; when `new_value` is not FG_STR_NONE it replaces the value (FG_CONFLICT). */
FG_MUST_USE fg_status_t fg_store_key_update(fg_store_t *store, fg_api_key_t *key,
                                            fg_str_t new_value, fg_error_t *reterr);
FG_MUST_USE fg_status_t fg_store_key_get(fg_store_t *store, fg_str_t id, bool with_value,
                                         fg_arena_t *arena, fg_api_key_t *ret_key,
                                         fg_error_t *reterr);
/* with its pairs */
FG_MUST_USE fg_status_t fg_store_key_delete(fg_store_t *store, fg_str_t id, fg_error_t *reterr);
typedef struct fg_key_query {
    fg_str_t name_prefix; /* case-sensitive; FG_STR_NONE for all */
    fg_str_t customer_id; /* FG_STR_NONE for all */
    /* only keys of this plan (ordered by when they joined); FG_STR_NONE for all */
    fg_str_t plan_id;
    int64_t before;    /* newest first: ordinal below this (0: from the newest) */
    bool is_ascending; /* oldest first instead: ordinal above `before` */
    size_t limit;
    bool with_value;
} fg_key_query_t;
/* With plan_id the `ordinal` of each row is that of the pair. */
FG_MUST_USE fg_status_t fg_store_key_list(fg_store_t *store, const fg_key_query_t *query,
                                          fg_arena_t *arena, fg_api_key_t **ret_keys,
                                          size_t *ret_count, fg_error_t *reterr);
FG_MUST_USE fg_status_t fg_store_key_count(fg_store_t *store, uint64_t *ret_count,
                                           fg_error_t *reterr);

/* Forget every value that could be read again. */
FG_MUST_USE fg_status_t fg_store_key_values_purge(fg_store_t *store, uint64_t *ret_count,
                                                  fg_error_t *reterr);

/* ---- further values of a key (store/key_value.c), rule K11 ---- */
typedef struct fg_key_value {
    fg_digest_t digest;
    fg_str_t value; /* FG_STR_NONE when it was not asked for or is not recoverable */
    fg_wall_t replaced_at, expires;
    uint32_t last_used_minute; /* as of the last fg_store_value_used */
} fg_key_value_t;
/* Newest first. */
FG_MUST_USE fg_status_t fg_store_key_value_list(fg_store_t *store, fg_str_t key_id, bool with_value,
                                                fg_arena_t *arena, fg_key_value_t **ret_values,
                                                size_t *ret_count, fg_error_t *reterr);
/* Keep the value that the key has now, which fg_store_key_update is about to replace. FG_LIMIT. */
FG_MUST_USE fg_status_t fg_store_key_value_keep(fg_store_t *store, fg_str_t key_id, fg_wall_t now,
                                                fg_wall_t expires, fg_error_t *reterr);
/* Change KEY. FG_NOT_FOUND. */
FG_MUST_USE fg_status_t fg_store_key_value_delete(fg_store_t *store, fg_str_t key_id,
                                                  const fg_digest_t *digest, fg_error_t *reterr);
/* All of the key; change KEY. */
FG_MUST_USE fg_status_t fg_store_key_values_delete(fg_store_t *store, fg_str_t key_id,
                                                   fg_error_t *reterr);
/* Is there a value whose end has come? Cheap. */
FG_MUST_USE fg_status_t fg_store_key_values_due(fg_store_t *store, fg_wall_t now, bool *ret_is_due,
                                                fg_error_t *reterr);
/* Delete those; change KEY for each of the *ret_count keys. */
FG_MUST_USE fg_status_t fg_store_key_values_expire(fg_store_t *store, fg_wall_t now,
                                                   uint64_t *ret_count, fg_error_t *reterr);
typedef struct fg_value_use {
    fg_digest_t digest;
    uint32_t minute;  /* stored for it */
    int64_t position; /* ordinal of its key */
} fg_value_use_t;
/* The newest values of at most `limit` keys behind position `after`, in order. */
FG_MUST_USE fg_status_t fg_store_value_uses(fg_store_t *store, int64_t after, size_t limit,
                                            fg_arena_t *arena, fg_value_use_t **ret_uses,
                                            size_t *ret_count, fg_error_t *reterr);
/* The further values of the keys behind `after` up to `upto`. */
FG_MUST_USE fg_status_t fg_store_further_value_uses(fg_store_t *store, int64_t after, int64_t upto,
                                                    fg_arena_t *arena, fg_value_use_t **ret_uses,
                                                    size_t *ret_count, fg_error_t *reterr);
/* The value was last used then. No change. */
FG_MUST_USE fg_status_t fg_store_value_used(fg_store_t *store, const fg_digest_t *digest,
                                            uint32_t minute, fg_error_t *reterr);

/* ---- many keys at once (store/key_batch.c) ---- */
typedef enum fg_key_put_outcome {
    FG_KEY_PUT_MADE,
    FG_KEY_PUT_KNOWN, /* a key with this value is there, key.id is its id: nothing was written */
    FG_KEY_PUT_TAKEN, /* the value is one that another key had before */
} fg_key_put_outcome_t;
typedef struct fg_key_put {
    fg_api_key_t
        key; /* given: value, name, description, is_enabled, times; the rest is filled in */
    const fg_str_t *plan_ids; /* that a new key joins; each is there and no two are the same */
    size_t plan_count;
    fg_key_put_outcome_t outcome;
} fg_key_put_t;
/* Insert those whose value no key has. Of several with one value the first is made and the others
 * are known. New keys get ordinals in the order of `puts`. One change KEYS. Ids live in `arena`. */
FG_MUST_USE fg_status_t fg_store_keys_put(fg_store_t *store, fg_key_put_t *puts, size_t count,
                                          fg_arena_t *arena, fg_error_t *reterr);

/* ---- imports of files in parts (store/import.c) ---- */
typedef struct fg_import {
    fg_str_t id, access_key_id; /* who began it */
    fg_wall_t started_at, updated_at;
    int64_t bytes_done, rows_done; /* of the file */
    int64_t made, replaced, refused, warned;
} fg_import_t;
FG_MUST_USE fg_status_t fg_store_import_get(fg_store_t *store, fg_str_t id, fg_arena_t *arena,
                                            fg_import_t *ret_import, fg_error_t *reterr);
/* Insert or replace, in the transaction of what it counts; forget those not touched since `stale`. */
FG_MUST_USE fg_status_t fg_store_import_put(fg_store_t *store, const fg_import_t *import,
                                            fg_wall_t stale, fg_error_t *reterr);

/* ---- creates that may be sent again (store/client_token.c), rule CT1 ---- */
typedef struct fg_client_token {
    uint8_t request[FG_SHA256_BYTES]; /* of what was asked */
    fg_str_t answer;                  /* sealed in the store: it may hold a key value */
    bool is_value_withheld;           /* the answer is kept without the key value (rule K12) */
} fg_client_token_t;
/* FG_NOT_FOUND when there is none, or its time is over. */
FG_MUST_USE fg_status_t fg_store_client_token_get(fg_store_t *store, fg_str_t access_key_id,
                                                  fg_str_t token, fg_wall_t now, fg_arena_t *arena,
                                                  fg_client_token_t *ret_token, fg_error_t *reterr);
/* For FG_CLIENT_TOKEN_S; in the place of one whose time is over. */
FG_MUST_USE fg_status_t fg_store_client_token_put(fg_store_t *store, fg_str_t access_key_id,
                                                  fg_str_t token, const fg_client_token_t *value,
                                                  fg_wall_t now, fg_arena_t *arena,
                                                  fg_error_t *reterr);
/* Forget at most `max` of those whose time is over. */
FG_MUST_USE fg_status_t fg_store_client_token_trim(fg_store_t *store, fg_wall_t now, int64_t max,
                                                   fg_error_t *reterr);

/* ---- customers (store/customer.c) ---- */
/* FG_NOT_FOUND when no key ever named it. */
FG_MUST_USE fg_status_t fg_store_customer_number(fg_store_t *store, fg_str_t customer_id,
                                                 uint64_t *ret_number, fg_error_t *reterr);
/* Whose row of the ledger counts the key's quota on the plan: the key's own, or its customer's
 * ("~<number>"). Rule E5. */
FG_MUST_USE fg_status_t fg_store_quota_owner(fg_store_t *store, const fg_usage_plan_t *plan,
                                             const fg_api_key_t *key, fg_arena_t *arena,
                                             fg_str_t *ret_owner, fg_error_t *reterr);
FG_MUST_USE fg_status_t fg_store_customer_id(fg_store_t *store, uint64_t number, fg_arena_t *arena,
                                             fg_str_t *ret_customer_id, fg_error_t *reterr);

/* ---- usage plans (store/usage_plan.c) ---- */
FG_MUST_USE fg_status_t fg_store_plan_insert(fg_store_t *store, fg_usage_plan_t *plan,
                                             fg_error_t *reterr);
/* Stages too. Change KEY for its keys as well when the extension's quotaScope or shadowPlanId is
 * another. */
FG_MUST_USE fg_status_t fg_store_plan_update(fg_store_t *store, const fg_usage_plan_t *plan,
                                             fg_error_t *reterr);
FG_MUST_USE fg_status_t fg_store_plan_get(fg_store_t *store, fg_str_t id, fg_arena_t *arena,
                                          fg_usage_plan_t *ret_plan, fg_error_t *reterr);
/* A plan that counts in the shadow of `id`'s limits; FG_NOT_FOUND when there is none. */
FG_MUST_USE fg_status_t fg_store_plan_shadowed_by(fg_store_t *store, fg_str_t id, fg_arena_t *arena,
                                                  fg_str_t *ret_plan_id, fg_error_t *reterr);
/* with its pairs */
FG_MUST_USE fg_status_t fg_store_plan_delete(fg_store_t *store, fg_str_t id, fg_error_t *reterr);
typedef struct fg_plan_query {
    fg_str_t key_id; /* only plans of this key; FG_STR_NONE for all */
    /* only plans with this stage (stage FG_STR_NONE: any of the API) */
    fg_str_t api_id, stage_name;
    int64_t before;
    bool is_ascending;
    size_t limit;
} fg_plan_query_t;
FG_MUST_USE fg_status_t fg_store_plan_list(fg_store_t *store, const fg_plan_query_t *query,
                                           fg_arena_t *arena, fg_usage_plan_t **ret_plans,
                                           size_t *ret_count, fg_error_t *reterr);

/* ---- pairs of plan and key (store/plan_key.c) ---- */
/* FG_CONFLICT */
FG_MUST_USE fg_status_t fg_store_pair_insert(fg_store_t *store, fg_str_t plan_id, fg_str_t key_id,
                                             fg_error_t *reterr);
FG_MUST_USE fg_status_t fg_store_pair_has(fg_store_t *store, fg_str_t plan_id, fg_str_t key_id,
                                          bool *ret_has, fg_error_t *reterr);
/* FG_NOT_FOUND */
FG_MUST_USE fg_status_t fg_store_pair_delete(fg_store_t *store, fg_str_t plan_id, fg_str_t key_id,
                                             fg_error_t *reterr);
/* Of the plans that share a stage with `plan_id` and that the key was on and is not, the one it left
 * last. FG_NOT_FOUND. Rule Q9. */
FG_MUST_USE fg_status_t fg_store_pair_left_last(fg_store_t *store, fg_str_t plan_id,
                                                fg_str_t key_id, fg_arena_t *arena,
                                                fg_str_t *ret_plan_id, fg_error_t *reterr);
/* The plan that would give a member of `plan_id` (or `key_id` alone when set) a second plan for api/stage; FG_NOT_FOUND when
 * there is none. Rule P5. */
FG_MUST_USE fg_status_t fg_store_pair_clash(fg_store_t *store, fg_str_t plan_id, fg_str_t key_id,
                                            fg_str_t api_id, fg_str_t stage_name, fg_arena_t *arena,
                                            fg_str_t *ret_other_plan_id, fg_error_t *reterr);

/* ---- usage (store/usage.c) ---- */
/* Absolute figures; storing them again changes nothing. No change-log entry. */
typedef struct fg_usage_row {
    fg_str_t key_id, plan_id;
    uint32_t day;  /* day number */
    uint64_t used; /* on that day */
    bool has_remaining;
    uint64_t remaining; /* of the window at the end of that day */
} fg_usage_row_t;
FG_MUST_USE fg_status_t fg_store_usage_put(fg_store_t *store, const fg_usage_row_t *row,
                                           fg_error_t *reterr);
/* Days first_day..last_day of a plan, by key id then day; one key only unless key_id is FG_STR_NONE; keys after `after_key_id`,
 * whole keys, at most key_limit of them. */
FG_MUST_USE fg_status_t fg_store_usage_list(fg_store_t *store, fg_str_t plan_id, fg_str_t key_id,
                                            fg_str_t after_key_id, size_t key_limit,
                                            uint32_t first_day, uint32_t last_day,
                                            fg_arena_t *arena, fg_usage_row_t **ret_rows,
                                            size_t *ret_count, fg_error_t *reterr);
/* The quota words of a pair (FG_QUOTA_WORD); zero when nothing is stored. */
typedef struct fg_ledger_row {
    fg_str_t key_id, plan_id; /* key_id "~<number>": the quota that a customer's keys share */
    uint64_t quota_word, extension_word;
    uint64_t granted_word; /* how far the window may be spent (rule L1) */
} fg_ledger_row_t;
/* A granted word below the one stored is not taken. */
FG_MUST_USE fg_status_t fg_store_ledger_put(fg_store_t *store, const fg_ledger_row_t *row,
                                            fg_error_t *reterr);
FG_MUST_USE fg_status_t fg_store_ledger_get(fg_store_t *store, fg_str_t key_id, fg_str_t plan_id,
                                            fg_ledger_row_t *ret_row, fg_error_t *reterr);

/* ---- what becomes of grants (store/settlement.c) ---- */
/* One opening of the gate by an agent. Settled: every grant was returned and the gate closed, so what
 * the ledger says is used is all that was. A new store is settled. */
typedef struct fg_session {
    uint64_t number;      /* grows with every opening */
    uint64_t file_number; /* of the gate's file */
    bool is_settled;
} fg_session_t;
FG_MUST_USE fg_status_t fg_store_session_get(fg_store_t *store, fg_session_t *ret_session,
                                             fg_error_t *reterr);
FG_MUST_USE fg_status_t fg_store_session_set(fg_store_t *store, const fg_session_t *session,
                                             fg_error_t *reterr);
/* What one pair, or everybody, was granted and did not use is granted no more. Rule L6. */
FG_MUST_USE fg_status_t fg_store_grant_return(fg_store_t *store, fg_str_t key_id, fg_str_t plan_id,
                                              fg_error_t *reterr);
FG_MUST_USE fg_status_t fg_store_grants_return(fg_store_t *store, fg_error_t *reterr);
/* The gate is lost: whatever was granted counts as used. Rule L5. */
FG_MUST_USE fg_status_t fg_store_grants_forfeit(fg_store_t *store, fg_wall_t now,
                                                fg_error_t *reterr);
/* When that happened last; 0: never. */
FG_MUST_USE fg_status_t fg_store_lost_at(fg_store_t *store, fg_wall_t *ret_at, fg_error_t *reterr);

/* ---- every key with what its slots begin with (store/grant.c) ---- */
typedef struct fg_pair_grant {
    uint64_t plan_id; /* packed */
    uint64_t quota_word, extension_word, granted_word;
    uint64_t day_words[2]; /* usage of day d at [d & 1], 0 for none */
} fg_pair_grant_t;
typedef struct fg_key_grants {
    fg_str_t key_id;
    fg_digest_t digest;
    fg_wall_t created_at;
    bool is_enabled;
    bool is_extended;         /* it has an extension or further values */
    uint64_t customer_number; /* 0: no customer */
    const fg_pair_grant_t *pairs;
    size_t pair_count;
} fg_key_grants_t;
/* The key lives until it returns, which must not write to the store. Another status than FG_OK ends the walk with it. */
typedef fg_status_t fg_key_grants_each_t(void *ctx, const fg_key_grants_t *key, fg_error_t *reterr);
/* Every key once, oldest first, in one pass over the tables. `today` is a day number: usage of it and of the day before. */
FG_MUST_USE fg_status_t fg_store_grants_each(fg_store_t *store, uint32_t today,
                                             fg_key_grants_each_t *each, void *ctx,
                                             fg_error_t *reterr);
/* The same of the keys with ordinals from `first` to `last`. */
FG_MUST_USE fg_status_t fg_store_grants_between(fg_store_t *store, uint32_t today, int64_t first,
                                                int64_t last, fg_key_grants_each_t *each, void *ctx,
                                                fg_error_t *reterr);

/* ---- API definitions: JSON documents (store/document.c) ---- */
typedef enum fg_document_kind {
    FG_DOCUMENT_REST_API, /* api "" , id = api id */
    FG_DOCUMENT_RESOURCE, /* parent = parent resource id, "" for the root; methods are inside the document */
    FG_DOCUMENT_DEPLOYMENT, /* the document holds the snapshot */
    FG_DOCUMENT_STAGE,      /* id = stage name, parent = deployment id */
    FG_DOCUMENT_MODEL,
    FG_DOCUMENT_GATEWAY_RESPONSE,
    FG_DOCUMENT_AUTHORIZER,
    FG_DOCUMENT_REQUEST_VALIDATOR,
    FG_DOCUMENT_PART,          /* of the documentation */
    FG_DOCUMENTATION_VERSION,  /* id = version; the document holds the parts as they were */
    FG_DOCUMENT_DOMAIN_NAME,   /* api "", id = domain name */
    FG_DOCUMENT_BASE_PATH,     /* api = domain name, id = base path, "(none)" for the empty one */
    FG_DOCUMENT_DOMAIN_ACCESS, /* api "", id = ARN of the access association */
    FG_DOCUMENT_CLIENT_CERTIFICATE, /* api "" */
    FG_DOCUMENT_VPC_LINK,           /* api "" */
} fg_document_kind_t;
typedef struct fg_document {
    fg_document_kind_t kind;
    fg_str_t api_id, id, parent_id, json;
    int64_t ordinal; /* order of creation, given by the store */
} fg_document_t;
/* Insert or replace (the ordinal is kept). Appends FG_CHANGE_STAGE for a stage, FG_CHANGE_DOCUMENT for
 * what follows the request validators in the list above, FG_CHANGE_API for the rest. */
FG_MUST_USE fg_status_t fg_store_document_put(fg_store_t *store, const fg_document_t *document,
                                              fg_error_t *reterr);
FG_MUST_USE fg_status_t fg_store_document_get(fg_store_t *store, fg_document_kind_t kind,
                                              fg_str_t api_id, fg_str_t id, fg_arena_t *arena,
                                              fg_document_t *ret_document, fg_error_t *reterr);
FG_MUST_USE fg_status_t fg_store_document_delete(fg_store_t *store, fg_document_kind_t kind,
                                                 fg_str_t api_id, fg_str_t id, fg_error_t *reterr);
/* Every document of an API, the API itself and its stages in plans. */
FG_MUST_USE fg_status_t fg_store_api_delete(fg_store_t *store, fg_str_t api_id, fg_error_t *reterr);
typedef struct fg_document_query {
    fg_document_kind_t kind;
    fg_str_t api_id;
    fg_str_t parent_id; /* FG_STR_NONE for all */
    int64_t after;      /* oldest first, ordinal above this */
    size_t limit;       /* 0: all */
} fg_document_query_t;
FG_MUST_USE fg_status_t fg_store_document_list(fg_store_t *store, const fg_document_query_t *query,
                                               fg_arena_t *arena, fg_document_t **ret_documents,
                                               size_t *ret_count, fg_error_t *reterr);

FG_MUST_USE fg_status_t fg_store_document_count(fg_store_t *store, fg_document_kind_t kind,
                                                fg_str_t api_id, uint64_t *ret_count,
                                                fg_error_t *reterr);
/* The documents of a kind, of whatever API, that have somewhere a member `name` with the text `id`
 * (an identifier: nothing in it is special). Reads all of the kind. */
FG_MUST_USE fg_status_t fg_store_document_mentions(fg_store_t *store, fg_document_kind_t kind,
                                                   const char *name, fg_str_t id, fg_arena_t *arena,
                                                   fg_document_t **ret_documents, size_t *ret_count,
                                                   fg_error_t *reterr);

/* ---- private keys of client certificates and domain names (store/private_key.c) ---- */
/* Sealed, and beside the document, so that no answer can show it; deleting the document deletes it.
 * At most FG_PRIVATE_KEY_BYTES_MAX. */
FG_MUST_USE fg_status_t fg_store_private_key_put(fg_store_t *store, fg_document_kind_t kind,
                                                 fg_str_t id, fg_str_t pem, fg_error_t *reterr);
/* FG_NOT_FOUND, FG_CORRUPT */
FG_MUST_USE fg_status_t fg_store_private_key_get(fg_store_t *store, fg_document_kind_t kind,
                                                 fg_str_t id, fg_arena_t *arena, fg_str_t *ret_pem,
                                                 fg_error_t *reterr);
/* FG_OK also when there was none. */
FG_MUST_USE fg_status_t fg_store_private_key_delete(fg_store_t *store, fg_document_kind_t kind,
                                                    fg_str_t id, fg_error_t *reterr);

/* ---- credentials of the control API (store/credential.c) ---- */
#define FG_CREDENTIAL_ADMIN "admin"
typedef struct fg_credential {
    fg_str_t access_key_id, secret_access_key; /* the secret is stored sealed */
    fg_str_t role;                             /* control/role.h knows them */
    fg_str_t name;
    fg_wall_t created_at;
} fg_credential_t;
/* Fill in a new access key, its texts in the arena; nothing is stored. FG_INTERNAL without
 * randomness. */
FG_MUST_USE fg_status_t fg_store_credential_make(fg_store_t *store, fg_arena_t *arena,
                                                 fg_credential_t *credential, fg_error_t *reterr);
FG_MUST_USE fg_status_t fg_store_credential_put(fg_store_t *store,
                                                const fg_credential_t *credential,
                                                fg_error_t *reterr);
FG_MUST_USE fg_status_t fg_store_credential_get(fg_store_t *store, fg_str_t access_key_id,
                                                fg_arena_t *arena, fg_credential_t *ret_credential,
                                                fg_error_t *reterr);
/* Oldest first, without their secrets. */
FG_MUST_USE fg_status_t fg_store_credential_list(fg_store_t *store, fg_arena_t *arena,
                                                 fg_credential_t **ret_credentials,
                                                 size_t *ret_count, fg_error_t *reterr);
/* FG_NOT_FOUND; FG_CONFLICT for the last one of role admin. What its client tokens remember goes
 * with it. */
FG_MUST_USE fg_status_t fg_store_credential_delete(fg_store_t *store, fg_str_t access_key_id,
                                                   fg_error_t *reterr);

#endif
