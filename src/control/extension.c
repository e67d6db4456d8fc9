#include "control/extension.h"

#include "control/noun.h"

/* The text of the object; FG_STR_NONE for an empty one. */
static fg_status_t store_object(fg_call_t *call, json_t *object, fg_str_t *ret_extension)
{
    fg_str_t text = FG_STR_NONE;
    if (json_object_size(object) > 0) {
        text = fg_json_render(object, call->arena);
        if (!text.at)
            return fg_call_no_memory(call);
    }
    *ret_extension = text;
    return FG_OK;
}

static void drop_nulls(json_t *object)
{
    const char *name;
    json_t *value;
    void *next;
    json_object_foreach_safe(object, next, name, value)
    {
        if (json_is_null(value))
            json_object_del(object, name);
    }
}

fg_status_t fg_extension_parse(fg_call_t *call, fg_str_t *ret_extension)
{
    json_t *object = json_object_get(call->input, "faregate"); /* borrowed */
    *ret_extension = FG_STR_NONE;
    if (!object || json_is_null(object))
        return FG_OK;
    if (!json_is_object(object))
        return fg_error_set(call->error, FG_BAD_REQUEST, "faregate", "faregate must be an object");
    drop_nulls(object);
    return store_object(call, object, ret_extension);
}

/* ---- PATCH ---- */

/* What the text of an operation stands for: new, or NULL with the refusal. */
static json_t *value_parse(fg_call_t *call, fg_member_form_t form, const fg_patch_t *patch)
{
    int64_t seconds;
    if (!patch->value.at) {
        (void)fg_error_set(call->error, FG_BAD_REQUEST, "patchOperations",
                           "The path %.*s needs a value", FG_STR_ARG(patch->path));
        return NULL;
    }
    if (form == FG_MEMBER_TIME && fg_str_to_i64(patch->value, &seconds))
        return json_integer(seconds);
    if (form != FG_MEMBER_JSON)
        return fg_json_new_str(patch->value);
    fg_error_t trouble;
    json_t *value = fg_json_parse(patch->value, &trouble);
    if (!value)
        (void)fg_error_set(call->error, FG_BAD_REQUEST, "patchOperations",
                           "The value for %.*s is no JSON: %.200s", FG_STR_ARG(patch->path),
                           trouble.message);
    return value;
}

static fg_status_t edit(fg_call_t *call, json_t *object, const char *name, fg_member_form_t form,
                        const fg_patch_t *patch)
{
    if (patch->op == FG_PATCH_REMOVE) {
        json_object_del(object, name);
        return FG_OK;
    }
    json_t *value = value_parse(call, form, patch);
    if (!value)
        return call->error->status == FG_BAD_REQUEST ? FG_BAD_REQUEST : fg_call_no_memory(call);
    return json_object_set_new(object, name, value) == 0 ? FG_OK : fg_call_no_memory(call);
}

/* /faregate/<member>/<name>: an entry of a member that is an object. The member goes with its last
 * entry. */
static fg_status_t edit_entry(fg_call_t *call, json_t *object, const char *member,
                              const fg_patch_t *patch)
{
    json_t *entries = json_object_get(object, member); /* borrowed */
    char *name = fg_arena_text(call->arena, patch->part[2]);
    if (!name)
        return fg_call_no_memory(call);
    if (!entries) {
        entries = json_object();
        if (json_object_set_new(object, member, entries) != 0)
            return fg_call_no_memory(call);
    }
    if (!json_is_object(entries))
        return fg_error_set(call->error, FG_BAD_REQUEST, "patchOperations",
                            "faregate.%.64s has no entries with names", member);
    fg_status_t status = edit(call, entries, name, FG_MEMBER_JSON, patch);
    if (status == FG_OK && json_object_size(entries) == 0)
        json_object_del(object, member);
    return status;
}

/* /faregate: all members at once. */
static fg_status_t edit_whole(fg_call_t *call, const fg_patch_t *patch, fg_str_t *extension)
{
    *extension = FG_STR_NONE;
    if (patch->op == FG_PATCH_REMOVE)
        return FG_OK;
    FG_JSON_SCOPED *object = value_parse(call, FG_MEMBER_JSON, patch);
    if (!object)
        return FG_BAD_REQUEST;
    if (!json_is_object(object))
        return fg_error_set(call->error, FG_BAD_REQUEST, "faregate", "faregate must be an object");
    drop_nulls(object);
    return store_object(call, object, extension);
}

fg_status_t fg_extension_patch(fg_call_t *call, fg_extension_form_t *form, const fg_patch_t *patch,
                               fg_str_t *extension)
{
    FG_ASSERT(patch->part_count >= 1 && patch->part_count <= 3);
    if (patch->part_count == 1)
        return edit_whole(call, patch, extension);
    fg_member_form_t member_form = form(patch->part[1]);
    if (member_form == FG_MEMBER_UNKNOWN)
        return fg_error_set(call->error, FG_BAD_REQUEST, "patchOperations",
                            "faregate has no member %.*s", FG_STR_ARG(patch->part[1]));
    char *member = fg_arena_text(call->arena, patch->part[1]);
    FG_JSON_SCOPED *object = fg_extension_render(call, *extension);
    if (!member || !object)
        return fg_call_no_memory(call);
    fg_status_t status = patch->part_count == 2 ? edit(call, object, member, member_form, patch)
                                                : edit_entry(call, object, member, patch);
    drop_nulls(object);
    return status == FG_OK ? store_object(call, object, extension) : status;
}

/* ---- answers ---- */

json_t *fg_extension_render(fg_call_t *call, fg_str_t extension)
{
    return extension.at ? fg_json_parse(extension, call->error) : json_object();
}

bool fg_extension_show(json_t *object, json_t *faregate)
{
    if (faregate && json_object_size(faregate) == 0) {
        json_decref(faregate);
        return true;
    }
    return json_object_set_new(object, "faregate", faregate) == 0;
}

/* ---- ends ---- */

static bool duration_parse(fg_str_t text, int64_t *ret_seconds)
{
    static const struct {
        char unit;
        int64_t seconds;
    } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', FG_DAY_S}};
    int64_t count;
    if (text.len < 2 || !fg_str_to_i64(fg_str_of(text.at, text.len - 1), &count) || count < 0)
        return false;
    for (size_t i = 0; i < FG_COUNT_OF(units); i++)
        if (text.at[text.len - 1] == units[i].unit)
            return !__builtin_mul_overflow(count, units[i].seconds, ret_seconds);
    return false;
}

fg_status_t fg_until_parse(fg_call_t *call, const char *member, fg_str_t text, fg_wall_t *ret_until)
{
    fg_wall_t until;
    int64_t seconds;
    if (!fg_time_parse(text, &until)) {
        if (!duration_parse(text, &seconds) || seconds > UINT32_MAX)
            return fg_error_set(call->error, FG_BAD_REQUEST, member,
                                "%s must be a time or how long from now, as 24h", member);
        until.s = call->now.wall.s + seconds;
    }
    if (until.s <= call->now.wall.s || until.s > UINT32_MAX)
        return fg_error_set(call->error, FG_BAD_REQUEST, member, "%s must be in the future",
                            member);
    *ret_until = until;
    return FG_OK;
}
