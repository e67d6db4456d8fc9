#include "ask.h"

#include "base/uri.h"
#include "output.h"
#include "printable.h"
#include "request.h"

#include <time.h>

fg_str_t fg_ask_path(const char *pattern, const char *label)
{
    fg_str_t behind = fg_str(pattern);
    fg_str_t before = fg_str_cut(&behind, '{');
    fg_str_t text = fg_uri_encode(fg_str(label), NULL, fg_cli_arena());

    FG_ASSERT(behind.len > 0);
    return fg_str(fg_text("%.*s%.*s%s", FG_STR_ARG(before), FG_STR_ARG(text), behind.at + 1));
}

void fg_ask_query(fg_ask_t *ask, const char *name, const char *value)
{
    if (!value)
        return;
    fg_str_t text = fg_uri_encode(fg_str(value), NULL, fg_cli_arena());
    ask->query = fg_str(fg_text("%.*s%s%s=%.*s", FG_STR_ARG(ask->query), ask->query.len ? "&" : "",
                                name, FG_STR_ARG(text)));
}

static int ask_for(const fg_wishes_t *wishes, const fg_ask_t *ask, int code_if_not_found,
                   json_t **ret_answer)
{
    fg_error_t error = {.message = ""};
    fg_refusal_t refusal;
    fg_context_t context;

    if (fg_context_find(wishes, &context, &error) != FG_OK)
        return fg_fail(FG_EXIT_ERROR, "%s", error.message);
    fg_http_request_t request = {
        .endpoint = context.endpoint,
        .verb = ask->verb,
        .path = ask->path,
        .query = ask->query.at ? ask->query : FG_STR(""),
        .body = ask->body,
        .credentials = &context.credentials,
    };
    fg_status_t status = fg_request_exchange(&request, ret_answer, &refusal, &error);
    bool is_there = status != FG_DENIED || strcmp(refusal.type, "NotFoundException") != 0;
    if (status == FG_DENIED)
        return fg_fail(is_there ? FG_EXIT_REFUSED : code_if_not_found, "%s (%s)", refusal.message,
                       refusal.type);
    if (status != FG_OK)
        return fg_fail(FG_EXIT_ERROR, "%s", error.message);
    if (!*ret_answer)
        *ret_answer = json_object();
    return *ret_answer ? FG_EXIT_OK : fg_fail(FG_EXIT_ERROR, "out of memory");
}

int fg_ask(const fg_wishes_t *wishes, const fg_ask_t *ask, json_t **ret_answer)
{
    return ask_for(wishes, ask, FG_EXIT_REFUSED, ret_answer);
}

int fg_ask_lookup(const fg_wishes_t *wishes, const fg_ask_t *ask, json_t **ret_answer)
{
    return ask_for(wishes, ask, FG_EXIT_NOT_FOUND, ret_answer);
}

int fg_ask_show(const fg_wishes_t *wishes, const fg_ask_t *ask, bool is_json,
                void (*print)(const json_t *answer))
{
    FG_JSON_SCOPED *answer = NULL;
    int code = fg_ask(wishes, ask, &answer);

    if (code != FG_EXIT_OK)
        return code;
    if (is_json)
        fg_output_print(answer, "json", "");
    else
        print(answer);
    return FG_EXIT_OK;
}

void fg_ask_print_items(const json_t *answer, const char *none, void (*print)(const json_t *item))
{
    const json_t *items = json_object_get(answer, "item");
    size_t i;
    json_t *item;

    if (json_array_size(items) == 0)
        fg_say("%s", none);
    json_array_foreach(items, i, item)
    {
        print(item);
    }
    if (json_object_get(answer, "position"))
        fg_say("there are more: --position %s", fg_ask_text(answer, "position"));
}

const char *fg_ask_text(const json_t *object, const char *member)
{
    const char *text = json_string_value(json_object_get(object, member));
    return text ? fg_printable(text) : "-";
}

const char *fg_ask_time(const json_t *object, const char *member)
{
    char text[32];
    time_t at = (time_t)json_integer_value(json_object_get(object, member));
    struct tm parts;

    gmtime_r(&at, &parts);
    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &parts);
    return fg_text("%s", text);
}
