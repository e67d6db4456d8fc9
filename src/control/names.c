#include "control/names.h"

#include "control/document.h"

/* `name` FG_STR_NONE: left out. */
static json_t *named(fg_str_t id, const char *member, fg_str_t name)
{
    return json_pack("{s:s#, s:o*}", "id", id.at, id.len, member,
                     name.at ? fg_json_new_str(name) : NULL);
}

static fg_str_t id_text(uint64_t id, char ret_text[FG_ID_BYTES_MAX + 1])
{
    return fg_str_of(ret_text, fg_id_unpack(id, ret_text));
}

json_t *fg_named_key(fg_call_t *call, uint64_t key_id)
{
    char text[FG_ID_BYTES_MAX + 1];
    fg_str_t id = id_text(key_id, text);
    fg_api_key_t key = {.name = FG_STR_NONE};
    if (id.len == 0)
        return NULL;
    if (fg_store_key_get(call->store, id, false, call->arena, &key, NULL) != FG_OK)
        key.name = FG_STR_NONE;
    return named(id, "name", key.name);
}

json_t *fg_named_plan(fg_call_t *call, uint64_t plan_id)
{
    char text[FG_ID_BYTES_MAX + 1];
    fg_str_t id = id_text(plan_id, text);
    fg_usage_plan_t plan = {.name = FG_STR_NONE};
    if (id.len == 0)
        return NULL;
    if (fg_store_plan_get(call->store, id, call->arena, &plan, NULL) != FG_OK)
        plan.name = FG_STR_NONE;
    return named(id, "name", plan.name);
}

/* A document's own name for itself. */
static json_t *named_document(fg_call_t *call, fg_document_kind_t kind, fg_str_t api_id,
                              fg_str_t id, const char *member)
{
    FG_JSON_SCOPED *document = NULL;
    if (id.len == 0)
        return NULL;
    if (fg_document_load(call, kind, api_id, id, &document) != FG_OK)
        return named(id, member, FG_STR_NONE);
    return named(id, member, fg_member_str(document, member));
}

json_t *fg_named_api(fg_call_t *call, uint64_t api_id)
{
    char text[FG_ID_BYTES_MAX + 1];
    return named_document(call, FG_DOCUMENT_REST_API, FG_STR(""), id_text(api_id, text), "name");
}

json_t *fg_named_resource(fg_call_t *call, uint64_t api_id, uint64_t resource_id)
{
    char api_text[FG_ID_BYTES_MAX + 1], text[FG_ID_BYTES_MAX + 1];
    return named_document(call, FG_DOCUMENT_RESOURCE, id_text(api_id, api_text),
                          id_text(resource_id, text), "path");
}
