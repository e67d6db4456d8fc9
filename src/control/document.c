#include "control/document.h"
#include "control/noun.h"

#include <ctype.h>
#include <inttypes.h>

/* ---- stored documents ---- */

fg_status_t fg_document_parse(fg_call_t *call, const fg_document_t *row, json_t **ret_document)
{
    json_t *document = fg_json_parse(row->json, call->error);
    if (!document)
        return call->error->status == FG_NO_MEMORY
                   ? FG_NO_MEMORY
                   : fg_error_set(call->error, FG_CORRUPT, "",
                                  "the stored document %.*s is damaged", FG_STR_ARG(row->id));
    *ret_document = document;
    return FG_OK;
}

fg_status_t fg_document_load(fg_call_t *call, fg_document_kind_t kind, fg_str_t api_id, fg_str_t id,
                             json_t **ret_document)
{
    fg_document_t row;
    fg_status_t status =
        fg_store_document_get(call->store, kind, api_id, id, call->arena, &row, call->error);
    if (status != FG_OK)
        return status;
    return fg_document_parse(call, &row, ret_document);
}

fg_status_t fg_document_save(fg_call_t *call, fg_document_kind_t kind, fg_str_t api_id, fg_str_t id,
                             fg_str_t parent_id, const json_t *document)
{
    fg_document_t row = {.kind = kind, .api_id = api_id, .id = id, .parent_id = parent_id};
    row.json = fg_json_render(document, call->arena);
    if (!row.json.at)
        return fg_error_set(call->error, FG_NO_MEMORY, "", "out of memory");
    return fg_store_document_put(call->store, &row, call->error);
}

fg_status_t fg_document_all(fg_call_t *call, fg_document_kind_t kind, fg_str_t api_id,
                            fg_str_t parent_id, json_t **ret_array)
{
    fg_document_query_t query = {.kind = kind, .api_id = api_id, .parent_id = parent_id};
    fg_document_t *rows = NULL;
    size_t row_count = 0;
    fg_status_t status =
        fg_store_document_list(call->store, &query, call->arena, &rows, &row_count, call->error);
    if (status != FG_OK)
        return status;
    FG_JSON_SCOPED *array = json_array();
    for (size_t i = 0; i < row_count; i++) {
        json_t *document = NULL;
        status = fg_document_parse(call, &rows[i], &document);
        if (status != FG_OK)
            return status;
        if (json_array_append_new(array, document) != 0)
            return fg_call_no_memory(call);
    }
    *ret_array = json_incref(array);
    return FG_OK;
}

fg_status_t fg_document_has(fg_call_t *call, fg_document_kind_t kind, fg_str_t api_id, fg_str_t id)
{
    fg_document_t row;
    return fg_store_document_get(call->store, kind, api_id, id, call->arena, &row, call->error);
}

fg_status_t fg_document_page_of(fg_call_t *call, fg_document_kind_t kind, fg_str_t api_id,
                                fg_document_filter_t *keeps, fg_document_view_t *view)
{
    fg_document_query_t query = {.kind = kind, .api_id = api_id};
    size_t limit = 0, row_count = 0;
    int64_t last_ordinal = 0;
    bool has_more = false;
    fg_document_t *rows = NULL;
    fg_status_t status = fg_call_page(call, &limit, &query.after);
    if (status == FG_OK && !keeps)
        query.limit = limit + 1; /* one more tells whether a next page exists */
    if (status == FG_OK)
        status = fg_store_document_list(call->store, &query, call->arena, &rows, &row_count,
                                        call->error);
    FG_JSON_SCOPED *items = json_array();
    for (size_t i = 0; status == FG_OK && i < row_count && !has_more; i++) {
        FG_JSON_SCOPED *document = NULL;
        status = fg_document_parse(call, &rows[i], &document);
        if (status != FG_OK || (keeps && !keeps(call, document)))
            continue;
        has_more = json_array_size(items) == limit;
        if (has_more)
            break;
        status = view ? view(call, document) : FG_OK;
        if (status == FG_OK && json_array_append(items, document) != 0)
            status = fg_call_no_memory(call);
        last_ordinal = rows[i].ordinal;
    }
    return status == FG_OK ? fg_call_page_answer(call, json_incref(items), has_more, last_ordinal)
                           : status;
}

fg_status_t fg_document_page(fg_call_t *call, fg_document_kind_t kind, fg_str_t api_id,
                             fg_document_view_t *view)
{
    return fg_document_page_of(call, kind, api_id, NULL, view);
}

bool fg_filter_none(fg_call_t *call, const json_t *document)
{
    (void)call, (void)document;
    return false;
}

fg_status_t fg_view_plain(fg_call_t *call, json_t *document)
{
    (void)call, (void)document;
    return FG_OK;
}

fg_status_t fg_view_single(fg_call_t *call, json_t *document)
{
    if (json_object_get(document, "tags") || fg_member_set(document, "tags", json_object()))
        return FG_OK;
    return fg_call_no_memory(call);
}

fg_status_t fg_view_listed(fg_call_t *call, json_t *document)
{
    (void)call;
    if (json_object_size(json_object_get(document, "tags")) == 0)
        json_object_del(document, "tags");
    return FG_OK;
}

fg_status_t fg_document_room_check(fg_call_t *call, fg_document_kind_t kind, fg_str_t api_id,
                                   uint64_t max, const char *nouns)
{
    uint64_t count = 0;
    fg_status_t status = fg_store_document_count(call->store, kind, api_id, &count, call->error);
    if (status != FG_OK || count < max)
        return status;
    return fg_error_set(call->error, FG_LIMIT, "", "Maximum number of %s reached: %" PRIu64, nouns,
                        max);
}

/* ---- members ---- */

bool fg_member_set(json_t *object, const char *name, json_t *value)
{
    return json_object_set_new(object, name, value) == 0;
}

bool fg_member_set_str(json_t *object, const char *name, fg_str_t text)
{
    return fg_member_set(object, name, fg_json_new_str(text));
}

fg_str_t fg_member_str(const json_t *object, const char *name)
{
    return fg_json_str(json_object_get(object, name));
}

bool fg_member_is_true(const json_t *object, const char *name)
{
    return json_is_true(json_object_get(object, name));
}

/* ---- what a create or a put takes ---- */

/* Failed constraints of one request, joined as the service prints them. */
typedef struct clauses {
    size_t count;
    fg_str_t text;
} clauses_t;

static fg_str_t input_name(fg_call_t *call)
{
    const char *name = call->operation->name;
    return fg_arena_printf(call->arena, "%c%sInput", tolower((unsigned char)name[0]), name + 1);
}

static void add_clause(fg_call_t *call, clauses_t *clauses, const char *member, fg_str_t value,
                       const char *constraint)
{
    fg_str_t shown =
        value.at ? fg_arena_printf(call->arena, "'%.*s'", FG_STR_ARG(value)) : FG_STR("null");
    fg_str_t input = input_name(call);
    clauses->text = fg_arena_printf(
        call->arena, "%.*s%sValue %.*s at '%.*s.%s' failed to satisfy constraint: %s",
        FG_STR_ARG(clauses->text), clauses->count ? "; " : "", FG_STR_ARG(shown), FG_STR_ARG(input),
        member, constraint);
    clauses->count++;
}

static fg_status_t answer_clauses(fg_call_t *call, const clauses_t *clauses)
{
    if (clauses->count == 0)
        return FG_OK;
    return fg_error_set(call->error, FG_VALIDATION, "", "%zu validation error%s detected: %.*s",
                        clauses->count, clauses->count == 1 ? "" : "s", FG_STR_ARG(clauses->text));
}

fg_status_t fg_constraint_failed(fg_call_t *call, const char *member, fg_str_t value,
                                 const char *constraint)
{
    clauses_t clauses = {0};
    add_clause(call, &clauses, member, value, constraint);
    return answer_clauses(call, &clauses);
}

fg_status_t fg_label_failed(fg_call_t *call, const char *label, fg_str_t value,
                            const char *constraint)
{
    return fg_error_set(call->error, FG_VALIDATION, label,
                        "1 validation error detected: Value '%.*s' at '%s' failed to satisfy "
                        "constraint: %s",
                        FG_STR_ARG(value), label, constraint);
}

bool fg_is_status_code(fg_str_t code)
{
    return code.len == 3 && code.at[0] >= '1' && code.at[0] <= '5' &&
           isdigit((unsigned char)code.at[1]) && isdigit((unsigned char)code.at[2]);
}

fg_status_t fg_status_code_check(fg_call_t *call, fg_str_t code)
{
    if (fg_is_status_code(code))
        return FG_OK;
    return fg_label_failed(call, "statusCode", code,
                           "Member must satisfy regular expression pattern: [1-5]\\d\\d");
}

bool fg_is_choice(const char *choices, fg_str_t value)
{
    for (fg_str_t rest = fg_str(choices); rest.at;) {
        if (fg_str_eq(fg_str_trim(fg_str_cut(&rest, ',')), value))
            return true;
    }
    return false;
}

static fg_status_t check_text_list(fg_call_t *call, const json_t *input, const char *name)
{
    json_t *list = json_object_get(input, name);
    if (!json_is_array(list))
        return fg_error_set(call->error, FG_SERIALIZATION, name, "Start of list expected for %s",
                            name);
    size_t index;
    json_t *element;
    json_array_foreach(list, index, element)
    {
        /* the texts of wrong types are the member reader's: lend it the element as a member */
        FG_JSON_SCOPED *lender = json_pack("{sO}", name, element);
        fg_str_t text;
        fg_status_t status = fg_input_str(call, lender, name, &text);
        if (status != FG_OK)
            return status;
    }
    return FG_OK;
}

static fg_status_t check_map(fg_call_t *call, const json_t *input, const char *name, bool is_bool)
{
    json_t *map = NULL;
    fg_status_t status = fg_input_object(call, input, name, &map);
    const char *key;
    json_t *value;
    json_object_foreach(map, key, value)
    {
        fg_str_t text;
        bool flag;
        if (status != FG_OK)
            break;
        status =
            is_bool ? fg_input_bool(call, map, key, &flag) : fg_input_str(call, map, key, &text);
    }
    return status;
}

static fg_status_t check_kind(fg_call_t *call, const json_t *input, const fg_field_t *field)
{
    fg_str_t text;
    bool flag, has;
    int64_t integer;
    double real;
    json_t *object;
    switch (field->kind) {
    case FG_FIELD_TEXT:
        return fg_input_str(call, input, field->name, &text);
    case FG_FIELD_BOOL:
        return fg_input_bool(call, input, field->name, &flag);
    case FG_FIELD_INTEGER:
        return fg_input_i64(call, input, field->name, &has, &integer);
    case FG_FIELD_DOUBLE:
        return fg_input_double(call, input, field->name, &has, &real);
    case FG_FIELD_TEXT_LIST:
        return check_text_list(call, input, field->name);
    case FG_FIELD_TEXT_MAP:
        return check_map(call, input, field->name, false);
    case FG_FIELD_BOOL_MAP:
        return check_map(call, input, field->name, true);
    case FG_FIELD_OBJECT:
        return fg_input_object(call, input, field->name, &object);
    }
    return FG_INTERNAL;
}

/* The value as it is stored: doubles keep their fraction, whatever way the client wrote them. */
static json_t *stored_value(const fg_field_t *field, json_t *value)
{
    if (field->kind == FG_FIELD_DOUBLE)
        return json_real(json_number_value(value));
    return json_deep_copy(value);
}

fg_status_t fg_fields_read(fg_call_t *call, const json_t *input, const fg_field_t *fields,
                           size_t field_count, json_t *document)
{
    clauses_t clauses = {0};
    for (size_t i = 0; i < field_count; i++) {
        const fg_field_t *field = &fields[i];
        json_t *value = json_object_get(input, field->name);
        if (!value || json_is_null(value)) {
            if (field->is_required)
                add_clause(call, &clauses, field->name, FG_STR_NONE, "Member must not be null");
            continue;
        }
        fg_status_t status = check_kind(call, input, field);
        if (status != FG_OK)
            return status;
        if (field->choices && !fg_is_choice(field->choices, fg_json_str(value))) {
            fg_str_t set = fg_arena_printf(call->arena, "Member must satisfy enum value set: [%s]",
                                           field->choices);
            add_clause(call, &clauses, field->name, fg_json_str(value), set.at ? set.at : "");
        }
        if (!fg_member_set(document, field->name, stored_value(field, value)))
            return fg_error_set(call->error, FG_NO_MEMORY, "", "out of memory");
    }
    return answer_clauses(call, &clauses);
}
