#include "query.h"

#include <ctype.h>

static fg_status_t refuse(fg_str_t rest, fg_error_t *reterr)
{
    return fg_error_set(reterr, FG_BAD_REQUEST, "",
                        "--query: '%.*s' is not understood; names, [n], [*], [] and "
                        "[?name=='text'] are (use jq for more)",
                        FG_STR_ARG(rest));
}

static fg_str_t behind(fg_str_t text, size_t count)
{
    return fg_str_of(text.at + count, text.len - count);
}

static fg_status_t apply(fg_str_t rest, json_t *value, json_t **ret_result, fg_error_t *reterr);

/* A name, plain or in double quotes; *rest goes behind it. False when none begins here. */
static bool take_name(fg_str_t *rest, fg_str_t *ret_name)
{
    size_t len = 0;

    if (rest->len && rest->at[0] == '"') {
        fg_str_t inside = behind(*rest, 1);
        len = fg_str_find(inside, '"');
        if (len == inside.len)
            return false;
        *ret_name = fg_str_of(inside.at, len);
        *rest = behind(inside, len + 1);
        return true;
    }
    while (len < rest->len && (isalnum((unsigned char)rest->at[len]) || rest->at[len] == '_'))
        len++;
    *ret_name = fg_str_of(rest->at, len);
    *rest = behind(*rest, len);
    return len > 0;
}

/* name=='text' or name!='text', with single quotes or backticks around "text". */
static bool take_condition(fg_str_t text, fg_str_t *ret_name, fg_str_t *ret_wanted, bool *ret_equal)
{
    if (!take_name(&text, ret_name))
        return false;
    text = fg_str_trim(text);
    if (!fg_str_starts_with(text, FG_STR("==")) && !fg_str_starts_with(text, FG_STR("!=")))
        return false;
    *ret_equal = text.at[0] == '=';
    text = fg_str_trim(behind(text, 2));
    if (text.len < 2 || (text.at[0] != '\'' && text.at[0] != '`') ||
        text.at[text.len - 1] != text.at[0])
        return false;
    *ret_wanted = fg_str_of(text.at + 1, text.len - 2);
    if (text.at[0] == '`' && ret_wanted->len >= 2 && ret_wanted->at[0] == '"')
        *ret_wanted = fg_str_of(ret_wanted->at + 1, ret_wanted->len - 2);
    return true;
}

static bool is_match(const json_t *element, fg_str_t name, fg_str_t wanted)
{
    const json_t *member = json_object_getn(element, name.at, name.len);

    if (json_is_boolean(member))
        return fg_str_is(wanted, json_is_true(member) ? "true" : "false");
    fg_str_t text = fg_json_str(member);
    return text.at && fg_str_eq(text, wanted);
}

/* Apply `rest` to every element that stays, and leave out what becomes null. */
static fg_status_t project(fg_str_t rest, json_t *list, fg_str_t name, fg_str_t wanted,
                           bool is_equal, json_t **ret_result, fg_error_t *reterr)
{
    fg_status_t status = FG_OK;
    json_t *element;
    size_t i;

    *ret_result = json_is_array(list) ? json_array() : json_null();
    json_array_foreach(list, i, element)
    {
        json_t *part = NULL;
        if (name.at && is_match(element, name, wanted) != is_equal)
            continue;
        status = apply(rest, element, &part, reterr);
        if (status != FG_OK)
            break;
        if (json_is_null(part))
            json_decref(part);
        else
            json_array_append_new(*ret_result, part);
    }
    if (status != FG_OK) {
        json_decref(*ret_result);
        *ret_result = NULL;
    }
    return status;
}

static fg_status_t apply_brackets(fg_str_t rest, json_t *value, json_t **ret_result,
                                  fg_error_t *reterr)
{
    size_t close = fg_str_find(rest, ']');
    fg_str_t inside = fg_str_of(rest.at + 1, close == rest.len ? 0 : close - 1);
    fg_str_t name = FG_STR_NONE;
    fg_str_t wanted = FG_STR_NONE;
    bool is_equal = true;
    int64_t index;

    if (close == rest.len)
        return refuse(rest, reterr);
    fg_str_t after = behind(rest, close + 1);
    if (fg_str_to_i64(inside, &index)) {
        int64_t count = (int64_t)json_array_size(value);
        index += index < 0 ? count : 0;
        return apply(after,
                     index >= 0 && index < count ? json_array_get(value, (size_t)index) : NULL,
                     ret_result, reterr);
    }
    if (inside.len && inside.at[0] == '?') {
        if (!take_condition(behind(inside, 1), &name, &wanted, &is_equal))
            return refuse(rest, reterr);
    } else if (inside.len && !fg_str_is(inside, "*")) {
        return refuse(rest, reterr);
    }
    return project(after, value, name, wanted, is_equal, ret_result, reterr);
}

static fg_status_t apply(fg_str_t rest, json_t *value, json_t **ret_result, fg_error_t *reterr)
{
    fg_str_t name;

    if (rest.len && rest.at[0] == '.')
        rest = behind(rest, 1);
    if (rest.len == 0 || fg_str_is(rest, "@")) {
        *ret_result = value ? json_incref(value) : json_null();
        return FG_OK;
    }
    if (rest.at[0] == '[')
        return apply_brackets(rest, value, ret_result, reterr);
    if (!take_name(&rest, &name) || (rest.len && rest.at[0] != '.' && rest.at[0] != '['))
        return refuse(rest, reterr);
    return apply(rest, json_object_getn(value, name.at, name.len), ret_result, reterr);
}

/* The first `|` outside quotes; len when there is none. */
static size_t find_pipe(fg_str_t expression)
{
    char quote = '\0';

    for (size_t i = 0; i < expression.len; i++) {
        char byte = expression.at[i];
        if (quote)
            quote = byte == quote ? '\0' : quote;
        else if (byte == '\'' || byte == '"' || byte == '`')
            quote = byte;
        else if (byte == '|')
            return i;
    }
    return expression.len;
}

fg_status_t fg_query_apply(fg_str_t expression, json_t *value, json_t **ret_result,
                           fg_error_t *reterr)
{
    size_t pipe = find_pipe(expression);
    json_t *part = NULL;
    fg_status_t status = apply(fg_str_trim(fg_str_of(expression.at, pipe)), value, &part, reterr);

    *ret_result = part;
    if (status != FG_OK || pipe == expression.len)
        return status;
    status = fg_query_apply(behind(expression, pipe + 1), part, ret_result, reterr);
    json_decref(part);
    return status;
}
