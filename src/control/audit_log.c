/*
 * GetAuditLog: the log of changes, page by page. Rules AD5, AD6.
 */
#include "control/handlers.h"
#include "control/noun.h"
#include "store/audit.h"

/* Times are whole seconds, as everywhere in the control API. */
static fg_status_t time_parse(fg_call_t *call, const char *name, fg_wall_t *ret_time)
{
    fg_str_t text = fg_call_query(call, name);
    if (fg_str_is_empty(text) || (fg_str_to_i64(text, &ret_time->s) && ret_time->s >= 0))
        return FG_OK;
    return fg_error_set(call->error, FG_BAD_REQUEST, name,
                        "%s must be a time in seconds since 1970", name);
}

static json_t *json_of(fg_str_t text)
{
    fg_error_t error;
    return text.at ? fg_json_parse(text, &error) : json_null();
}

static json_t *entry_render(const fg_audit_entry_t *entry)
{
    return json_pack(
        "{s:I, s:I, s:o, s:o, s:o, s:o, s:b, s:o, s:o}", "number", (json_int_t)entry->number,
        "date", (json_int_t)entry->at.s, "accessKeyId", fg_json_new_str(entry->access_key_id),
        "operation", fg_json_new_str(entry->operation), "requestId",
        fg_json_new_str(entry->request_id), "subject", fg_json_new_str(entry->subject), "denied",
        entry->is_denied, "before", json_of(entry->before), "after", json_of(entry->after));
}

fg_status_t fg_audit_list(fg_call_t *call)
{
    fg_audit_query_t query = {.subject = fg_call_query(call, "subject"),
                              .operation = fg_call_query(call, "operation"),
                              .access_key_id = fg_call_query(call, "accessKeyId"),
                              .is_ascending = fg_patch_bool(fg_call_query(call, "oldestFirst"))};
    fg_audit_entry_t *entries;
    size_t limit, count;
    fg_status_t status = fg_call_page(call, &limit, &query.before);
    if (status == FG_OK)
        status = time_parse(call, "from", &query.from);
    if (status == FG_OK)
        status = time_parse(call, "to", &query.to);
    if (status != FG_OK)
        return status;
    query.limit = limit + 1; /* one more tells whether a next page exists */
    status = fg_store_audit_list(call->store, &query, call->arena, &entries, &count, call->error);
    if (status != FG_OK)
        return status;
    bool has_more = count > limit;
    count = has_more ? limit : count;
    FG_JSON_SCOPED *items = json_array();
    for (size_t i = 0; i < count; i++)
        if (json_array_append_new(items, entry_render(&entries[i])) != 0)
            return fg_call_no_memory(call);
    return fg_call_page_answer(call, json_incref(items), has_more,
                               has_more ? entries[count - 1].number : 0);
}
