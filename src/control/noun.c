#include "control/noun.h"

#include <ctype.h>

enum { TAG_KEY_LENGTH_MAX = 128, TAG_VALUE_LENGTH_MAX = 256 };

fg_status_t fg_call_no_memory(fg_call_t *call)
{
    return fg_error_set(call->error, FG_NO_MEMORY, "", "%s", fg_status_text(FG_NO_MEMORY));
}

/* Letters and digits of any script, space and + - = . _ : / @. */
static bool tag_text_is_valid(fg_str_t text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.at[i];
        if (c < 0x80 && !isalnum(c) && (!c || !strchr(" +-=._:/@", c)))
            return false;
    }
    return true;
}

static fg_status_t tag_check(fg_call_t *call, const char *name, const json_t *value)
{
    size_t length = fg_text_length(fg_str(name));
    if (!json_is_string(value))
        return fg_error_set(call->error, FG_SERIALIZATION, "tags",
                            "A tag's value must be a String: %.128s", name);
    if (length < 1 || length > TAG_KEY_LENGTH_MAX || strncmp(name, "aws:", 4) == 0)
        return fg_error_set(
            call->error, FG_BAD_REQUEST, "tags",
            "Invalid tag key: 1 to %d characters, not starting with aws:", TAG_KEY_LENGTH_MAX);
    if (fg_text_length(fg_json_str(value)) > TAG_VALUE_LENGTH_MAX)
        return fg_error_set(call->error, FG_BAD_REQUEST, "tags",
                            "Invalid tag value of %.128s: at most %d characters", name,
                            TAG_VALUE_LENGTH_MAX);
    if (!tag_text_is_valid(fg_str(name)) || !tag_text_is_valid(fg_json_str(value)))
        return fg_error_set(call->error, FG_BAD_REQUEST, "tags",
                            "Invalid tag %.128s: letters, digits, spaces and + - = . _ : / @ only",
                            name);
    return FG_OK;
}

fg_status_t fg_tags_check(fg_call_t *call, json_t *tags)
{
    const char *name;
    json_t *value;
    if (json_object_size(tags) > FG_TAGS_MAX)
        return fg_error_set(call->error, FG_BAD_REQUEST, "tags", "At most %d tags are allowed",
                            FG_TAGS_MAX);
    json_object_foreach(tags, name, value)
    {
        fg_status_t status = tag_check(call, name, value);
        if (status != FG_OK)
            return status;
    }
    return FG_OK;
}

static fg_status_t tags_parse(fg_call_t *call, const json_t *object, const char *member,
                              fg_str_t *ret_tags)
{
    json_t *tags;
    fg_status_t status = fg_input_object(call, object, member, &tags);
    if (status == FG_OK)
        status = fg_tags_check(call, tags);
    if (status != FG_OK || !tags)
        return status;
    fg_str_t text = fg_json_render(tags, call->arena);
    if (!text.at)
        return fg_call_no_memory(call);
    *ret_tags = text;
    return FG_OK;
}

static fg_status_t field_parse(fg_call_t *call, const fg_noun_field_t *field, const json_t *object,
                               void *member)
{
    bool has;
    fg_str_t text = FG_STR_NONE;
    fg_status_t status;
    switch (field->type) {
    case FG_NOUN_STR:
        status = fg_input_str(call, object, field->name, &text);
        if (status == FG_OK && text.at)
            *(fg_str_t *)member = text;
        return status;
    case FG_NOUN_BOOL:
        return fg_input_bool(call, object, field->name, member);
    case FG_NOUN_I64:
        return fg_input_i64(call, object, field->name, &has, member);
    case FG_NOUN_DOUBLE:
        return fg_input_double(call, object, field->name, &has, member);
    case FG_NOUN_TAGS:
        return tags_parse(call, object, field->name, member);
    case FG_NOUN_TIME:
        break;
    }
    FG_ASSERT(!"a time is never given");
    return FG_INTERNAL;
}

fg_status_t fg_noun_parse(fg_call_t *call, const fg_noun_field_t *fields, size_t count,
                          const json_t *object, void *noun)
{
    for (size_t i = 0; i < count && object; i++) {
        if (fields[i].use == FG_NOUN_OUT)
            continue;
        fg_status_t status = field_parse(call, &fields[i], object, (char *)noun + fields[i].offset);
        if (status != FG_OK)
            return status;
    }
    return FG_OK;
}

/* New reference; NULL leaves the member out. */
static json_t *field_render(const fg_noun_field_t *field, const void *member)
{
    const fg_str_t *text = member;
    switch (field->type) {
    case FG_NOUN_STR:
        return fg_str_is_empty(*text) ? NULL : fg_json_new_str(*text);
    case FG_NOUN_BOOL:
        return json_boolean(*(const bool *)member);
    case FG_NOUN_I64:
        return json_integer(*(const int64_t *)member);
    case FG_NOUN_DOUBLE:
        return json_real(*(const double *)member);
    case FG_NOUN_TIME:
        return json_integer(((const fg_wall_t *)member)->s);
    case FG_NOUN_TAGS:
        break;
    }
    return NULL;
}

json_t *fg_noun_render(const fg_noun_field_t *fields, size_t count, const void *noun)
{
    json_t *object = json_object();
    for (size_t i = 0; i < count && object; i++) {
        if (fields[i].use == FG_NOUN_IN)
            continue;
        json_t *value = field_render(&fields[i], (const char *)noun + fields[i].offset);
        if (value && json_object_set_new(object, fields[i].name, value) != 0) {
            json_decref(object);
            return NULL;
        }
    }
    return object;
}

bool fg_tags_render(fg_call_t *call, json_t *object, fg_str_t tags, fg_tags_show_t show)
{
    bool is_empty = !tags.at || fg_str_is(tags, "{}");
    if ((show == FG_TAGS_IF_GIVEN && !tags.at) || (show == FG_TAGS_IF_ANY && is_empty))
        return true;
    json_t *value = is_empty ? json_object() : fg_json_parse(tags, call->error);
    return json_object_set_new(object, "tags", value) == 0;
}

fg_status_t fg_call_page_answer(fg_call_t *call, json_t *items, bool has_more, int64_t last_ordinal)
{
    call->output = json_pack("{s:o}", "item", items); /* steals items, also when it fails */
    if (!call->output)
        return fg_call_no_memory(call);
    if (has_more &&
        json_object_set_new(call->output, "position", fg_position_new(call, last_ordinal)) != 0)
        return fg_call_no_memory(call);
    return FG_OK;
}

fg_status_t fg_call_page_of(fg_call_t *call, const json_t *all)
{
    size_t limit;
    int64_t after;
    fg_status_t status = fg_call_page(call, &limit, &after);
    if (status != FG_OK)
        return status;
    size_t count = json_array_size(all), at = (uint64_t)after < count ? (size_t)after : count;
    FG_JSON_SCOPED *items = json_array();
    for (; at < count && json_array_size(items) < limit; at++) {
        if (json_array_append(items, json_array_get(all, at)) != 0)
            return fg_call_no_memory(call);
    }
    return fg_call_page_answer(call, json_incref(items), at < count, (int64_t)at);
}
