#include "control/document.h"

static fg_status_t no_memory(fg_call_t *call)
{
    return fg_error_set(call->error, FG_NO_MEMORY, "", "out of memory");
}

/* A part of the path as a member name. */
static const char *part_name(fg_call_t *call, const fg_patch_t *patch, size_t index)
{
    return fg_arena_text(call->arena, patch->part[index]);
}

fg_status_t fg_edit_text(fg_call_t *call, void *noun, const fg_patch_t *patch)
{
    json_t *document = noun;
    const char *name = part_name(call, patch, 0);
    if (!name)
        return no_memory(call);
    if (patch->op == FG_PATCH_REMOVE || fg_str_is_empty(patch->value)) {
        json_object_del(document, name);
        return FG_OK;
    }
    return fg_member_set_str(document, name, patch->value) ? FG_OK : no_memory(call);
}

fg_status_t fg_edit_bool(fg_call_t *call, void *noun, const fg_patch_t *patch)
{
    json_t *document = noun;
    const char *name = part_name(call, patch, 0);
    if (!name || !fg_member_set(document, name, json_boolean(fg_patch_bool(patch->value))))
        return no_memory(call);
    return FG_OK;
}

/* Set or remove one entry of the map that the first part names; steals `value` (NULL: remove). */
static fg_status_t edit_entry(fg_call_t *call, json_t *document, const fg_patch_t *patch,
                              json_t *value)
{
    FG_JSON_SCOPED *owned = value;
    const char *map_name = part_name(call, patch, 0), *key = part_name(call, patch, 1);
    if (!map_name || !key)
        return no_memory(call);
    json_t *map = json_object_get(document, map_name);
    if (!value) {
        json_object_del(map, key);
        if (json_object_size(map) == 0)
            json_object_del(document, map_name);
        return FG_OK;
    }
    if (!map) {
        map = json_object();
        if (!fg_member_set(document, map_name, map))
            return no_memory(call);
    }
    return json_object_set(map, key, owned) == 0 ? FG_OK : no_memory(call);
}

fg_status_t fg_edit_text_map(fg_call_t *call, void *noun, const fg_patch_t *patch)
{
    json_t *document = noun;
    bool is_removal = patch->op == FG_PATCH_REMOVE;
    return edit_entry(call, document, patch, is_removal ? NULL : fg_json_new_str(patch->value));
}

fg_status_t fg_edit_bool_map(fg_call_t *call, void *noun, const fg_patch_t *patch)
{
    json_t *document = noun;
    bool is_removal = patch->op == FG_PATCH_REMOVE;
    return edit_entry(call, document, patch,
                      is_removal ? NULL : json_boolean(fg_patch_bool(patch->value)));
}

fg_status_t fg_edit_list(fg_call_t *call, void *noun, const fg_patch_t *patch)
{
    json_t *document = noun;
    const char *list_name = part_name(call, patch, 0);
    if (!list_name)
        return no_memory(call);
    json_t *list = json_object_get(document, list_name);
    if (!list) {
        list = json_array();
        if (!fg_member_set(document, list_name, list))
            return no_memory(call);
    }
    size_t index;
    json_t *element;
    json_array_foreach(list, index, element)
    {
        if (fg_str_eq(fg_json_str(element), patch->part[1])) {
            json_array_remove(list, index);
            break;
        }
    }
    fg_str_t added =
        patch->op == FG_PATCH_REPLACE && patch->value.at ? patch->value : patch->part[1];
    if (patch->op != FG_PATCH_REMOVE && json_array_append_new(list, fg_json_new_str(added)) != 0)
        return no_memory(call);
    return FG_OK;
}

fg_status_t fg_edit_list_values(fg_call_t *call, void *noun, const fg_patch_t *patch)
{
    fg_status_t status = FG_OK;
    fg_patch_t entry = *patch;
    for (fg_str_t rest = patch->value; rest.at && status == FG_OK;) {
        entry.part[1] = fg_str_trim(fg_str_cut(&rest, ','));
        status = fg_edit_list(call, noun, &entry);
    }
    return status;
}

fg_status_t fg_edit_needs_entry(fg_call_t *call, const json_t *document, const fg_patch_t *patch,
                                const char *message)
{
    const char *map_name = part_name(call, patch, 0), *key = part_name(call, patch, 1);
    if (!map_name || !key)
        return no_memory(call);
    if (patch->op == FG_PATCH_ADD || json_object_get(json_object_get(document, map_name), key))
        return FG_OK;
    return fg_error_set(call->error, FG_NOT_FOUND, "path", "%s", message);
}
