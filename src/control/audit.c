/*
 * The log of changes: written by handlers, listed newest first.
 */
#include "control/audit.h"

#include "control/handlers.h"
#include "control/noun.h"
#include "store/audit.h"

/* JSON null becomes no text at all. False without memory. */
static bool text_of(fg_call_t *call, const json_t *value, fg_str_t *ret_text)
{
    *ret_text = json_is_null(value) ? FG_STR_NONE : fg_json_render(value, call->arena);
    return json_is_null(value) || ret_text->at;
}

fg_status_t fg_call_audit(fg_call_t *call, json_t *before, json_t *after)
{
    FG_JSON_SCOPED *its_before = before, *its_after = after;
    fg_audit_entry_t entry = {
        .at = call->now.wall,
        .access_key_id = call->access_key_id,
        .operation = fg_str(call->operation->name),
        .request_id = call->request_id,
        .subject = call->path,
    };
    if (!before || !after || !text_of(call, its_before, &entry.before) ||
        !text_of(call, its_after, &entry.after))
        return fg_call_no_memory(call);
    return fg_store_audit_append(call->store, &entry, call->error);
}

/* ---- GetAuditLog ---- */

/* Times are whole seconds, as everywhere in the control API. */
static fg_status_t from_parse(fg_call_t *call, fg_wall_t *ret_from)
{
    fg_str_t text = fg_call_query(call, "from");
    if (fg_str_is_empty(text) || (fg_str_to_i64(text, &ret_from->s) && ret_from->s >= 0))
        return FG_OK;
    return fg_error_set(call->error, FG_BAD_REQUEST, "from",
                        "from must be a time in seconds since 1970");
}

static json_t *json_of(fg_str_t text)
{
    fg_error_t error;
    return text.at ? fg_json_parse(text, &error) : json_null();
}

static json_t *entry_render(const fg_audit_entry_t *entry)
{
    return json_pack("{s:I, s:I, s:o, s:o, s:o, s:o, s:o, s:o}", "number",
                     (json_int_t)entry->number, "date", (json_int_t)entry->at.s, "accessKeyId",
                     fg_json_new_str(entry->access_key_id), "operation",
                     fg_json_new_str(entry->operation), "requestId",
                     fg_json_new_str(entry->request_id), "subject", fg_json_new_str(entry->subject),
                     "before", json_of(entry->before), "after", json_of(entry->after));
}

fg_status_t fg_audit_list(fg_call_t *call)
{
    fg_audit_query_t query = {.subject = fg_call_query(call, "subject"),
                              .operation = fg_call_query(call, "operation")};
    fg_audit_entry_t *entries;
    size_t limit, count;
    fg_status_t status = fg_call_page(call, &limit, &query.before);
    if (status == FG_OK)
        status = from_parse(call, &query.from);
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
