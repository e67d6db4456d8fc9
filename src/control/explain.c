/*
 * explain - why requests were refused: the lines that the workers left in the gate, with the names
 * that the store knows. Rules E1 to E5.
 */
#include "gate/explain.h"

#include "control/handlers.h"
#include "control/names.h"
#include "control/noun.h"
#include "gate/reason.h"
#include "route/route.h"

#include <arpa/inet.h>
#include <string.h>

enum { LATEST_DEFAULT = 20, LATEST_MAX = 1000 };

static const fg_gate_t *gate_of(const fg_call_t *call)
{
    fg_agent_t *agent = call->control->agent;
    fg_gate_writer_t *writer = agent ? fg_agent_writer(agent) : NULL;
    return writer ? fg_gate_writer_gate(writer) : NULL;
}

/* A path came from the caller and was cut: what is no text is shown as question marks. */
static json_t *text_new(const char *bytes, size_t room)
{
    char text[FG_EXPLAIN_PATH_BYTES + 1];
    size_t len = strnlen(bytes, room - 1);
    FG_ASSERT(room <= sizeof(text));
    memcpy(text, bytes, len);
    bool is_text = fg_str_is_utf8(fg_str_of(text, len));
    for (size_t i = 0; i < len && !is_text; i++)
        text[i] = (unsigned char)text[i] < 0x80 ? text[i] : '?';
    return fg_json_new_str(fg_str_of(text, len));
}

static json_t *address_new(const uint8_t address[16])
{
    static const uint8_t none[16], mapped[12] = {[10] = 0xff, [11] = 0xff};
    char text[INET6_ADDRSTRLEN];
    if (memcmp(address, none, sizeof(none)) == 0)
        return NULL;
    bool is_v4 = memcmp(address, mapped, sizeof(mapped)) == 0;
    if (!inet_ntop(is_v4 ? AF_INET : AF_INET6, is_v4 ? address + 12 : address, text, sizeof(text)))
        return NULL;
    return json_string(text);
}

/* Left out when it is NULL. */
static bool set(json_t *object, const char *name, json_t *value)
{
    return !value || json_object_set_new(object, name, value) == 0;
}

static bool set_place(fg_call_t *call, json_t *object, const fg_explain_t *explain)
{
    char stage[FG_STAGE_NAME_BYTES_MAX + 1];
    uint64_t api_id = explain->api_id, stage_api_id;
    bool has_stage = fg_gate_stage_name(gate_of(call), explain->stage_index, &stage_api_id, stage);
    if (api_id == 0 && has_stage)
        api_id = stage_api_id;
    bool has_method = explain->resource_id != 0;
    const char *verb = fg_verb_text((fg_verb_t)explain->verb);
    return set(object, "api", fg_named_api(call, api_id)) &&
           set(object, "stage", has_stage ? json_string(stage) : NULL) &&
           set(object, "resource", fg_named_resource(call, api_id, explain->resource_id)) &&
           set(object, "method", has_method ? json_string(verb) : NULL) &&
           set(object, "path", text_new(explain->path, sizeof(explain->path))) &&
           set(object, "key", fg_named_key(call, explain->key_id)) &&
           set(object, "plan", fg_named_plan(call, explain->plan_id)) &&
           set(object, "address", address_new(explain->address));
}

/* Seconds, rounded up as Retry-After is; null for never. */
static json_t *retry_after_new(int64_t retry_after_us)
{
    if (retry_after_us == INT64_MAX)
        return json_null();
    return json_integer((retry_after_us + FG_SECOND_US - 1) / FG_SECOND_US);
}

static bool set_figures(json_t *object, const fg_explain_t *explain, const fg_reason_t *reason)
{
    bool is_throttled = reason && reason->limit && strncmp(reason->limit, "throttle", 8) == 0;
    bool is_set = true;
    if (is_throttled)
        is_set = set(object, "throttle",
                     json_pack("{s:f, s:I}", "rateLimit",
                               (double)explain->throttle_rate_milli_rps / 1000, "burstLimit",
                               (json_int_t)explain->throttle_burst));
    if (is_set && explain->quota_limit != 0)
        is_set = set(object, "quota",
                     json_pack("{s:I, s:I, s:I}", "limit", (json_int_t)explain->quota_limit,
                               "remaining", (json_int_t)explain->quota_remaining, "resetAt",
                               (json_int_t)explain->quota_reset_at_s));
    if (is_set && explain->retry_after_us != 0)
        is_set = set(object, "retryAfter", retry_after_new(explain->retry_after_us));
    return is_set;
}

/* New object; NULL without memory. */
static json_t *render(fg_call_t *call, const fg_explain_t *explain)
{
    fg_str_t code = fg_str_of(explain->reason, strnlen(explain->reason, FG_EXPLAIN_REASON_BYTES));
    const fg_reason_t *reason = fg_reason_find(code);
    json_t *object =
        json_pack("{s:s#, s:I, s:i, s:b, s:s#, s:s?, s:s?, s:s?}", "requestId", explain->request_id,
                  (size_t)FG_EXPLAIN_ID_BYTES, "at", (json_int_t)explain->at_s, "status",
                  (int)explain->status, "isDryRun", explain->is_dry_run != 0, "reason", code.at,
                  code.len, "limit", reason ? reason->limit : NULL, "sentence",
                  reason ? reason->sentence : NULL, "remedy", reason ? reason->remedy : NULL);
    if (object && set_place(call, object, explain) && set_figures(object, explain, reason))
        return object;
    json_decref(object);
    return NULL;
}

fg_status_t fg_explain_get(fg_call_t *call)
{
    fg_explain_t explain;
    const fg_gate_t *gate = gate_of(call);
    fg_str_t id = call->path_part[0];
    if (!gate || !fg_gate_explain_find(gate, id, &explain))
        return fg_error_set(call->error, FG_NOT_FOUND, "requestId",
                            "No refusal is kept under request id %.*s: it was not refused, or it "
                            "is none of the latest %u on this node since its boot",
                            FG_STR_ARG(id), gate ? fg_gate_explain_room(gate) : 0);
    call->output = render(call, &explain);
    return call->output ? FG_OK : fg_call_no_memory(call);
}

fg_status_t fg_explain_list(fg_call_t *call)
{
    int64_t latest = LATEST_DEFAULT;
    fg_str_t text = fg_call_query(call, "latest");
    if (text.at && (!fg_str_to_i64(text, &latest) || latest < 1 || latest > LATEST_MAX))
        return fg_error_set(call->error, FG_BAD_REQUEST, "latest",
                            "latest must be a number from 1 to %d", LATEST_MAX);
    const fg_gate_t *gate = gate_of(call);
    fg_explain_t *explains = fg_arena_alloc(call->arena, (size_t)latest * sizeof(*explains));
    json_t *items = json_array();
    size_t count = explains && gate ? fg_gate_explain_latest(gate, explains, (size_t)latest) : 0;
    bool has_memory = explains && items;
    for (size_t i = 0; has_memory && i < count; i++)
        has_memory = json_array_append_new(items, render(call, &explains[i])) == 0;
    call->output = has_memory ? json_pack("{s:O}", "item", items) : NULL;
    json_decref(items);
    return call->output ? FG_OK : fg_call_no_memory(call);
}
