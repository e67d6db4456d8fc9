/*
 * Billing periods, closed once and for all. Rules B1-B4.
 *
 * The records of a period are lines of JSON: one for each key that was used, then one for the
 * period, which is signed. All are one chain, and each period goes on from the one closed before:
 *
 *     {"type":"usage","id":"planaa-20261001-key1000000",...,"used":17,"days":"5;0;12",
 *      "previousHash":"<of the line before>","hash":"..."}
 *     {"type":"export","id":"planaa-20261001",...,"recordCount":1,"used":17,"publicKey":"...",
 *      "previousHash":"...","hash":"...","signature":"<of the hash>"}
 */
#include "store/export.h"
#include "base/chain.h"
#include "control/dates.h"
#include "control/handlers.h"
#include "control/minute_figures.h"
#include "control/noun.h"
#include "control/plan_noun.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    KEYS_PER_STEP = 1000,
    GRACE_S = 300, /* answers that do not count may still be given back */
    DAYS_BYTES_MAX = 64 * 31,
};

/* ---- periods ---- */

typedef struct period {
    uint32_t start_day, end_day;
} period_t;

/* Rule B1. */
static fg_status_t period_parse(fg_call_t *call, const fg_usage_plan_t *plan, fg_str_t text,
                                period_t *ret_period)
{
    uint32_t day, end_day;
    fg_quota_t quota = fg_usage_plan_quota(plan);
    bool is_month = fg_month_parse(text, &day, &end_day);
    if (!is_month && !fg_date_parse(text, &day))
        return fg_error_set(call->error, FG_BAD_REQUEST, "period",
                            "period must be a month, 2026-01, or a day, 2026-01-31");
    if (is_month && (!plan->has_quota || quota.period != FG_PERIOD_MONTH)) {
        *ret_period = (period_t){day, end_day};
    } else if (!plan->has_quota) {
        *ret_period = (period_t){day, day + 1};
    } else {
        if (is_month)
            day += quota.offset_days; /* the window that opens in that month */
        fg_wall_t at = {(int64_t)day * FG_DAY_S};
        fg_quota_window_t window = fg_quota_window_at(quota.period, quota.offset_days, at);
        *ret_period = (period_t){window.start_day, window.end_day};
    }
    int64_t ready_s = (int64_t)ret_period->end_day * FG_DAY_S + GRACE_S;
    if (call->now.wall.s >= ready_s)
        return FG_OK;
    return fg_error_set(call->error, FG_BAD_REQUEST, "period",
                        "The period ends before %.*s and can be closed five minutes later",
                        FG_STR_ARG(fg_date_text(call->arena, ret_period->end_day)));
}

/* ---- records ---- */

typedef struct batch {
    fg_call_t *call;
    const fg_usage_plan_t *plan;
    period_t period;
    fg_str_t start, end;                /* dates */
    FILE *text;                         /* the lines */
    char hash[FG_CHAIN_HASH_BYTES + 1]; /* of the last line */
    int64_t record_count;
    uint64_t used;
} batch_t;

static fg_status_t line_add(batch_t *batch, json_t *record)
{
    char *line = json_dumps(record, JSON_COMPACT);
    if (!line || fprintf(batch->text, "%s\n", line) < 0) {
        free(line);
        return fg_call_no_memory(batch->call);
    }
    free(line);
    (void)snprintf(batch->hash, sizeof(batch->hash), "%.*s", FG_STR_ARG(fg_chain_hash(record)));
    return FG_OK;
}

/* The day of the period as in ids: 20261001. */
static fg_str_t compact_date(batch_t *batch)
{
    return fg_arena_printf(batch->call->arena, "%.4s%.2s%.2s", batch->start.at, batch->start.at + 5,
                           batch->start.at + 8);
}

static fg_status_t customer_of(fg_call_t *call, fg_str_t key_id, json_t *record)
{
    fg_api_key_t key;
    fg_status_t status =
        fg_store_key_get(call->store, key_id, false, call->arena, &key, call->error);
    if (status == FG_NOT_FOUND) /* deleted since: its id remains */
        return FG_OK;
    if (status != FG_OK || fg_str_is_empty(key.customer_id))
        return status;
    return json_object_set_new(record, "customerId", fg_json_new_str(key.customer_id)) == 0
               ? FG_OK
               : fg_call_no_memory(call);
}

/* Each day of the period, separated by semicolons; the sum comes back. */
static uint64_t days_write(const batch_t *batch, const fg_usage_row_t *rows, size_t count,
                           char ret_text[DAYS_BYTES_MAX])
{
    uint64_t sum = 0;
    size_t length = 0, i = 0;
    for (uint32_t day = batch->period.start_day; day < batch->period.end_day; day++) {
        uint64_t used = i < count && rows[i].day == day ? rows[i++].used : 0;
        sum += used;
        length += (size_t)snprintf(ret_text + length, DAYS_BYTES_MAX - length, "%s%" PRIu64,
                                   length ? ";" : "", used);
        FG_ASSERT(length < DAYS_BYTES_MAX);
    }
    return sum;
}

static fg_status_t key_add(batch_t *batch, const fg_usage_row_t *rows, size_t count)
{
    char days[DAYS_BYTES_MAX];
    fg_str_t key_id = rows[0].key_id, plan_id = batch->plan->id;
    uint64_t used = days_write(batch, rows, count, days);
    if (used == 0)
        return FG_OK;
    fg_str_t id = fg_arena_printf(batch->call->arena, "%.*s-%.*s-%.*s", FG_STR_ARG(plan_id),
                                  FG_STR_ARG(compact_date(batch)), FG_STR_ARG(key_id));
    FG_JSON_SCOPED *record =
        json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:I, s:s}", "type", "usage", "id",
                  fg_json_new_str(id), "usagePlanId", fg_json_new_str(plan_id), "keyId",
                  fg_json_new_str(key_id), "periodStart", fg_json_new_str(batch->start),
                  "periodEnd", fg_json_new_str(batch->end), "used", (json_int_t)used, "days", days);
    if (!record)
        return fg_call_no_memory(batch->call);
    fg_status_t status = customer_of(batch->call, key_id, record);
    if (status == FG_OK && !fg_chain_link(record, fg_str(batch->hash)))
        status = fg_call_no_memory(batch->call);
    batch->used += used;
    batch->record_count++;
    return status == FG_OK ? line_add(batch, record) : status;
}

/* Whole keys at a time; rows come by key and day. */
static fg_status_t keys_add(batch_t *batch)
{
    fg_call_t *call = batch->call;
    fg_str_t after = FG_STR_NONE;
    fg_usage_row_t *rows;
    size_t count;
    do {
        fg_status_t status =
            fg_store_usage_list(call->store, batch->plan->id, FG_STR_NONE, after, KEYS_PER_STEP,
                                batch->period.start_day, batch->period.end_day - 1, call->arena,
                                &rows, &count, call->error);
        for (size_t first = 0, end; status == FG_OK && first < count; first = end) {
            for (end = first + 1; end < count; end++)
                if (!fg_str_eq(rows[end].key_id, rows[first].key_id))
                    break;
            status = key_add(batch, rows + first, end - first);
            after = rows[first].key_id;
        }
        if (status != FG_OK)
            return status;
    } while (count > 0);
    return FG_OK;
}

static fg_status_t seal(batch_t *batch, fg_str_t *ret_signature)
{
    fg_call_t *call = batch->call;
    uint8_t secret[FG_SECRET_BYTES], key[FG_PUBLIC_KEY_BYTES], signature[FG_SIGNATURE_BYTES];
    char key_text[FG_BASE64_SIGNATURE_BYTES + 1], text[FG_BASE64_SIGNATURE_BYTES + 1];
    fg_status_t status = fg_store_export_secret(call->store, secret, call->error);
    if (status != FG_OK)
        return status;
    if (!fg_ed25519_public(secret, key))
        return fg_call_no_memory(call);
    fg_base64(key, sizeof(key), key_text);
    fg_str_t id = fg_arena_printf(call->arena, "%.*s-%.*s", FG_STR_ARG(batch->plan->id),
                                  FG_STR_ARG(compact_date(batch)));
    FG_JSON_SCOPED *record = json_pack(
        "{s:s, s:o, s:o, s:o, s:o, s:I, s:I, s:o, s:s}", "type", "export", "id",
        fg_json_new_str(id), "usagePlanId", fg_json_new_str(batch->plan->id), "periodStart",
        fg_json_new_str(batch->start), "periodEnd", fg_json_new_str(batch->end), "recordCount",
        (json_int_t)batch->record_count, "used", (json_int_t)batch->used, "closedAt",
        fg_time_render(call->now.wall.s), "publicKey", key_text);
    bool is_sealed = record && fg_chain_link(record, fg_str(batch->hash)) &&
                     fg_ed25519_sign(secret, fg_chain_hash(record), signature);
    explicit_bzero(secret, sizeof(secret));
    if (!is_sealed)
        return fg_call_no_memory(call);
    fg_base64(signature, sizeof(signature), text);
    *ret_signature = fg_arena_copy(call->arena, fg_str(text));
    if (!ret_signature->at || json_object_set_new(record, "signature", json_string(text)) != 0)
        return fg_call_no_memory(call);
    return line_add(batch, record);
}

/* ---- operations ---- */

/* New object; NULL without memory. */
static json_t *export_render(fg_call_t *call, const fg_export_t *row)
{
    return json_pack(
        "{s:o, s:o, s:o, s:o, s:I, s:o, s:o, s:o, s:o, s:o*}", "id",
        fg_json_new_str(fg_arena_printf(call->arena, "%.*s-%.*s", FG_STR_ARG(row->plan_id),
                                        FG_STR_ARG(fg_date_text(call->arena, row->start_day)))),
        "usagePlanId", fg_json_new_str(row->plan_id), "periodStart",
        fg_json_new_str(fg_date_text(call->arena, row->start_day)), "periodEnd",
        fg_json_new_str(fg_date_text(call->arena, row->end_day)), "recordCount",
        (json_int_t)row->record_count, "hash", fg_json_new_str(row->hash), "previousHash",
        fg_json_new_str(row->previous_hash), "signature", fg_json_new_str(row->signature),
        "closedAt", fg_time_render(row->closed_at.s), "records",
        row->records.at ? fg_json_new_str(row->records) : NULL);
}

static fg_status_t batch_close(batch_t *batch, fg_export_t *row)
{
    fg_call_t *call = batch->call;
    char *text = NULL;
    size_t length = 0;
    fg_status_t status =
        fg_store_export_last_hash(call->store, call->arena, &row->previous_hash, call->error);
    if (status != FG_OK)
        return status;
    (void)snprintf(batch->hash, sizeof(batch->hash), "%.*s", FG_STR_ARG(row->previous_hash));
    batch->text = open_memstream(&text, &length);
    if (!batch->text)
        return fg_call_no_memory(call);
    status = keys_add(batch);
    if (status == FG_OK)
        status = seal(batch, &row->signature);
    if (fclose(batch->text) != 0 && status == FG_OK)
        status = fg_call_no_memory(call);
    row->records = fg_arena_copy(call->arena, fg_str_of(text, length));
    row->hash = fg_arena_copy(call->arena, fg_str(batch->hash));
    row->record_count = batch->record_count;
    free(text);
    if (status == FG_OK && (!row->records.at || !row->hash.at))
        status = fg_call_no_memory(call);
    return status == FG_OK ? fg_store_export_put(call->store, row, call->error) : status;
}

/* In a transaction of its own, behind a drain that has one as well. */
static fg_status_t close_now(batch_t *batch, fg_export_t *row)
{
    fg_call_t *call = batch->call;
    fg_status_t status = FG_OK;
    if (call->control->agent)
        status = fg_agent_drain(call->control->agent, call->now, call->error);
    if (status == FG_OK)
        status = fg_store_begin(call->store, call->error);
    if (status != FG_OK)
        return status;
    status = batch_close(batch, row);
    if (status == FG_OK)
        return fg_store_commit(call->store, call->error);
    fg_store_rollback(call->store);
    return status;
}

/* Rule B3: a closed period stays as it is; closing it again shows it. */
fg_status_t fg_export_close(fg_call_t *call)
{
    fg_usage_plan_t plan;
    fg_str_t plan_id, text;
    period_t period;
    fg_export_t row;
    fg_status_t status = fg_input_str(call, call->input, "usagePlanId", &plan_id);
    if (status == FG_OK)
        status = fg_input_str(call, call->input, "period", &text);
    if (status == FG_OK && (!plan_id.at || !text.at))
        status = fg_error_set(call->error, FG_BAD_REQUEST, plan_id.at ? "period" : "usagePlanId",
                              "usagePlanId and period are required");
    if (status == FG_OK)
        status = fg_plan_load(call, plan_id, &plan);
    if (status == FG_OK)
        status = period_parse(call, &plan, text, &period);
    if (status != FG_OK)
        return status;
    status = fg_store_export_find(call->store, plan.id, period.start_day, period.end_day,
                                  call->arena, &row, call->error);
    if (status == FG_OK && (row.start_day != period.start_day || row.end_day != period.end_day))
        return fg_error_set(call->error, FG_CONFLICT, "period",
                            "Days of the period are closed already, with that from %.*s to before "
                            "%.*s",
                            FG_STR_ARG(fg_date_text(call->arena, row.start_day)),
                            FG_STR_ARG(fg_date_text(call->arena, row.end_day)));
    if (status == FG_NOT_FOUND) {
        batch_t batch = {.call = call,
                         .plan = &plan,
                         .period = period,
                         .start = fg_date_text(call->arena, period.start_day),
                         .end = fg_date_text(call->arena, period.end_day)};
        row = (fg_export_t){.plan_id = plan.id,
                            .start_day = period.start_day,
                            .end_day = period.end_day,
                            .closed_at = call->now.wall};
        status = batch.start.at && batch.end.at ? close_now(&batch, &row) : fg_call_no_memory(call);
    }
    if (status == FG_OK)
        call->output = export_render(call, &row);
    return status != FG_OK || call->output ? status : fg_call_no_memory(call);
}

fg_status_t fg_export_list(fg_call_t *call)
{
    fg_export_t *rows;
    size_t limit, count;
    int64_t after;
    fg_status_t status = fg_call_page(call, &limit, &after);
    if (status == FG_OK)
        status = fg_store_export_list(call->store, fg_call_query(call, "usagePlanId"), after,
                                      limit + 1, call->arena, &rows, &count, call->error);
    if (status != FG_OK)
        return status;
    json_t *items = json_array();
    size_t shown = count > limit ? limit : count;
    for (size_t i = 0; i < shown; i++)
        (void)json_array_append_new(items, export_render(call, &rows[i]));
    return fg_call_page_answer(call, items, count > limit, shown ? rows[shown - 1].number : 0);
}

/* The key in the form that openssl reads: the DER frame of RFC 8410 and the 32 bytes. */
fg_status_t fg_export_public_key(fg_call_t *call)
{
    enum { FRAME_BYTES = 12 };
    uint8_t der[FRAME_BYTES + FG_PUBLIC_KEY_BYTES] = {0x30, 0x2a, 0x30, 0x05, 0x06, 0x03,
                                                      0x2b, 0x65, 0x70, 0x03, 0x21, 0x00};
    uint8_t secret[FG_SECRET_BYTES];
    char text[FG_BASE64_SIGNATURE_BYTES + 1], pem[FG_BASE64_SIGNATURE_BYTES + 1];
    fg_status_t status = fg_store_export_secret(call->store, secret, call->error);
    if (status != FG_OK)
        return status;
    bool is_done = fg_ed25519_public(secret, der + FRAME_BYTES);
    explicit_bzero(secret, sizeof(secret));
    fg_base64(der + FRAME_BYTES, FG_PUBLIC_KEY_BYTES, text);
    fg_base64(der, sizeof(der), pem);
    fg_str_t whole = fg_arena_printf(
        call->arena, "-----BEGIN PUBLIC KEY-----\n%s\n-----END PUBLIC KEY-----\n", pem);
    if (is_done)
        call->output = json_pack("{s:s, s:o}", "publicKey", text, "pem", fg_json_new_str(whole));
    return call->output ? FG_OK : fg_call_no_memory(call);
}
