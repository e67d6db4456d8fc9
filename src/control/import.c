/*
 * Importing API keys from CSV: the service's ImportApiKeys, and ours for files of millions of rows,
 * which come in parts. Of those the store keeps how far the file is done, in the transaction of each
 * part, so that it can go on after any end. Rules IM5 to IM9; reference 4.1.
 */
#include "control/document.h"
#include "control/handlers.h"
#include "control/key_import.h"
#include "control/noun.h"

#include <stdio.h>

enum { STALE_S = 30 * 24 * 3600, REPORT_ROW_BYTES = 64, IMPORT_ID_BYTES_MAX = 64 };

static fg_status_t import_body(fg_call_t *call, uint64_t rows_done, fg_str_t plan_ids,
                               fg_import_result_t *ret_result)
{
    fg_key_file_t file;
    fg_status_t status = fg_key_file_open(call->body, &file, call->error);
    if (status != FG_OK)
        return status;
    file.rows = rows_done;
    status = fg_key_import(call, &file, plan_ids, ret_result);
    if (status != FG_OK || ret_result->warned == 0 ||
        !fg_patch_bool(fg_call_query(call, "failonwarnings")))
        return status;
    const fg_import_row_t *row = ret_result->rows; /* Rule IM7: nothing of it stays */
    while (row->remark.len == 0)
        row++;
    return fg_error_set(call->error, FG_BAD_REQUEST, "body", "Row %llu: %.*s",
                        (unsigned long long)row->number, FG_STR_ARG(row->remark));
}

/* ---- ImportApiKeys ---- */

static bool append_warning(fg_call_t *call, json_t *warnings, const fg_import_row_t *row)
{
    fg_str_t text = fg_arena_printf(call->arena, "Row %llu: %.*s", (unsigned long long)row->number,
                                    FG_STR_ARG(row->remark));
    return text.at && json_array_append_new(warnings, fg_json_new_str(text)) == 0;
}

/* Each key once, where it came first. */
static bool append_id(json_t *ids, json_t *seen, fg_str_t id)
{
    char text[FG_ID_BYTES_MAX + 1];
    (void)snprintf(text, sizeof(text), "%.*s", FG_STR_ARG(id));
    if (json_object_get(seen, text))
        return true;
    return json_object_set_new(seen, text, json_true()) == 0 &&
           json_array_append_new(ids, json_string(text)) == 0;
}

fg_status_t fg_api_keys_import(fg_call_t *call)
{
    fg_import_result_t result;
    fg_str_t format = fg_call_query(call, "format");
    FG_JSON_SCOPED *ids = json_array();
    FG_JSON_SCOPED *warnings = json_array();
    FG_JSON_SCOPED *seen = json_object();
    if (!fg_str_is(format, "csv"))
        return fg_label_failed(call, "format", format.at ? format : FG_STR("null"),
                               "Member must satisfy enum value set: [csv]");
    fg_status_t status = import_body(call, 0, FG_STR(""), &result);
    if (status != FG_OK)
        return status;
    for (size_t i = 0; i < result.count; i++) {
        const fg_import_row_t *row = &result.rows[i];
        if (row->key_id.len > 0 && !append_id(ids, seen, row->key_id))
            return fg_call_no_memory(call);
        if (row->remark.len > 0 && !append_warning(call, warnings, row))
            return fg_call_no_memory(call);
    }
    call->output = json_pack("{sO, sO}", "ids", ids, "warnings", warnings);
    return call->output ? FG_OK : fg_call_no_memory(call);
}

/* ---- files in parts ---- */

static const char *const outcome_texts[] = {
    [FG_IMPORT_MADE] = "made",
    [FG_IMPORT_REPLACED] = "replaced",
    [FG_IMPORT_REFUSED] = "refused",
};

static bool is_reported(const fg_import_row_t *row, bool is_whole)
{
    return is_whole || row->remark.len > 0;
}

/* Lines "row,outcome,id,remark" of the rows that have a remark, or of all. Remarks are our texts and
 * ids: no quote is in one. */
static fg_str_t report_write(fg_call_t *call, const fg_import_result_t *result)
{
    bool is_whole = fg_str_is(fg_call_query(call, "report"), "all");
    size_t room = 1, bytes = 0;
    for (size_t i = 0; i < result->count; i++)
        if (is_reported(&result->rows[i], is_whole))
            room += REPORT_ROW_BYTES + result->rows[i].remark.len;
    char *text = fg_arena_alloc(call->arena, room);
    if (!text)
        return FG_STR_NONE;
    for (size_t i = 0; i < result->count; i++) {
        const fg_import_row_t *row = &result->rows[i];
        if (!is_reported(row, is_whole))
            continue;
        const char *quote = row->remark.len > 0 ? "\"" : "";
        int length = snprintf(text + bytes, room - bytes, "%llu,%s,%.*s,%s%.*s%s\n",
                              (unsigned long long)row->number, outcome_texts[row->outcome],
                              FG_STR_ARG(row->key_id), quote, FG_STR_ARG(row->remark), quote);
        FG_ASSERT(length > 0 && (size_t)length < room - bytes);
        bytes += (size_t)length;
    }
    return fg_str_of(text, bytes);
}

/* New; NULL without memory. */
static json_t *import_render(const fg_import_t *import)
{
    FG_JSON_SCOPED *id = fg_json_new_str(import->id);
    return json_pack("{sO, sI, sI, sI, sI, sI, sI, sI, sI}", "id", id, "startedDate",
                     (json_int_t)import->started_at.s, "lastUpdatedDate",
                     (json_int_t)import->updated_at.s, "bytesDone", (json_int_t)import->bytes_done,
                     "rowsDone", (json_int_t)import->rows_done, "made", (json_int_t)import->made,
                     "replaced", (json_int_t)import->replaced, "refused",
                     (json_int_t)import->refused, "warned", (json_int_t)import->warned);
}

static fg_status_t answer(fg_call_t *call, const fg_import_t *import,
                          const fg_import_result_t *result)
{
    fg_str_t report = report_write(call, result);
    call->output = import_render(import);
    if (!report.at || !call->output ||
        json_object_set_new(call->output, "report", fg_json_new_str(report)) != 0)
        return fg_call_no_memory(call);
    return FG_OK;
}

static fg_status_t number_of(fg_call_t *call, const char *name, int64_t *ret_number)
{
    fg_str_t text = fg_call_query(call, name);
    int64_t number = 0;
    if (text.at && (!fg_str_to_i64(text, &number) || number < 0))
        return fg_error_set(call->error, FG_BAD_REQUEST, name, "%s must be a number, not negative",
                            name);
    *ret_number = number;
    return FG_OK;
}

/* Where in the file the part begins, and how many of its bytes it is. */
static fg_status_t part_parse(fg_call_t *call, int64_t *ret_offset, int64_t *ret_bytes)
{
    fg_str_t id = call->path_part[0];
    for (size_t i = 0; i < id.len; i++)
        if (id.at[i] <= ' ' || id.at[i] > '~' || id.len > IMPORT_ID_BYTES_MAX)
            return fg_error_set(call->error, FG_BAD_REQUEST, "id",
                                "The id of an import has 1 to %d visible characters",
                                IMPORT_ID_BYTES_MAX);
    fg_status_t status = number_of(call, "offset", ret_offset);
    return status == FG_OK ? number_of(call, "bytes", ret_bytes) : status;
}

/* A part that begins the file begins the import anew. */
static fg_status_t import_load(fg_call_t *call, int64_t offset, fg_import_t *ret_import)
{
    *ret_import = (fg_import_t){
        .id = call->path_part[0],
        .access_key_id = call->access_key_id.at ? call->access_key_id : FG_STR(""),
        .started_at = call->now.wall,
    };
    if (offset == 0)
        return FG_OK;
    fg_status_t status = fg_store_import_get(call->store, call->path_part[0], call->arena,
                                             ret_import, call->error);
    if (status != FG_OK && status != FG_NOT_FOUND)
        return status;
    if (ret_import->bytes_done == offset)
        return FG_OK;
    return fg_error_set(call->error, FG_CONFLICT, "offset", /* Rule IM9 */
                        "The import is done up to byte %lld, and this part begins at byte %lld",
                        (long long)ret_import->bytes_done, (long long)offset);
}

static void import_add(fg_import_t *import, const fg_import_result_t *result)
{
    import->rows_done += (int64_t)result->count;
    import->made += result->made;
    import->replaced += result->replaced;
    import->refused += result->refused;
    import->warned += result->warned;
}

fg_status_t fg_key_rows_import(fg_call_t *call)
{
    fg_import_t import;
    fg_import_result_t result;
    int64_t offset, bytes;
    fg_status_t status = part_parse(call, &offset, &bytes);
    if (status == FG_OK)
        status = import_load(call, offset, &import);
    if (status == FG_OK)
        status = import_body(call, (uint64_t)import.rows_done, fg_call_query(call, "plans"), &result);
    if (status != FG_OK)
        return status;
    import_add(&import, &result);
    import.bytes_done = offset + bytes;
    import.updated_at = call->now.wall;
    fg_wall_t stale = {call->now.wall.s - STALE_S};
    status = fg_store_import_put(call->store, &import, stale, call->error);
    return status == FG_OK ? answer(call, &import, &result) : status;
}

/* Rule IM10: all of it is done, and undone. A transaction of its own, which nobody sees. */
fg_status_t fg_key_rows_check(fg_call_t *call)
{
    fg_import_t import = {.id = call->path_part[0], .updated_at = call->now.wall};
    fg_import_result_t result;
    int64_t offset, bytes, rows_done;
    fg_status_t status = part_parse(call, &offset, &bytes);
    if (status == FG_OK)
        status = number_of(call, "rows", &rows_done);
    if (status == FG_OK)
        status = fg_store_begin(call->store, call->error);
    if (status != FG_OK)
        return status;
    status = import_body(call, (uint64_t)rows_done, fg_call_query(call, "plans"), &result);
    fg_store_rollback(call->store);
    if (status != FG_OK)
        return status;
    import.rows_done = rows_done;
    import_add(&import, &result);
    import.bytes_done = offset + bytes;
    return answer(call, &import, &result);
}

fg_status_t fg_key_import_get(fg_call_t *call)
{
    fg_import_t import;
    fg_status_t status = fg_store_import_get(call->store, call->path_part[0], call->arena, &import,
                                             call->error);
    if (status == FG_NOT_FOUND)
        return fg_error_set(call->error, FG_NOT_FOUND, "id", "There is no import of that id");
    if (status != FG_OK)
        return status;
    call->output = import_render(&import);
    return call->output ? FG_OK : fg_call_no_memory(call);
}
