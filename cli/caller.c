#include "caller.h"

#include "request.h"

bool fg_caller_open(const fg_wishes_t *wishes, fg_caller_t *ret_caller)
{
    fg_error_t error = {.message = ""};

    *ret_caller = (fg_caller_t){.code = FG_EXIT_OK};
    if (fg_context_find(wishes, &ret_caller->context, &error) == FG_OK)
        return true;
    ret_caller->problem = fg_text("%s", error.message);
    ret_caller->code = FG_EXIT_ERROR;
    return false;
}

bool fg_caller_call(fg_caller_t *caller, const char *verb, const char *path, const char *query,
                    const json_t *body, json_t **ret_answer)
{
    fg_error_t error = {.message = ""};
    fg_refusal_t refusal;
    json_t *answer = NULL;
    fg_http_request_t request = {
        .endpoint = caller->context.endpoint,
        .verb = verb,
        .path = fg_str(path),
        .query = fg_str(query),
        .body = body ? fg_json_render(body, fg_cli_arena()) : FG_STR_NONE,
        .credentials = &caller->context.credentials,
    };
    fg_status_t status = fg_request_exchange(&request, &answer, &refusal, &error);

    if (status == FG_DENIED)
        caller->problem = fg_text("%s (%s)", refusal.message, refusal.type);
    else if (status != FG_OK)
        caller->problem = fg_text("%s", error.message);
    caller->code = status == FG_OK       ? FG_EXIT_OK
                   : status == FG_DENIED ? FG_EXIT_REFUSED
                                         : FG_EXIT_ERROR;
    if (status != FG_OK)
        return false;
    if (ret_answer)
        *ret_answer = answer ? answer : json_object();
    else
        json_decref(answer);
    return true;
}

bool fg_caller_each(fg_caller_t *caller, const char *path, const char *query,
                    fg_caller_item_t *on_item, void *user)
{
    const char *position = NULL;

    do {
        fg_ask_t ask = {.query = fg_str(fg_text("limit=500%s%s", *query ? "&" : "", query))};
        json_t *answer, *item;
        size_t i;
        fg_ask_query(&ask, "position", position);
        if (!fg_caller_call(caller, "GET", path, ask.query.at, NULL, &answer))
            return false;
        json_array_foreach(json_object_get(answer, "item"), i, item) on_item(user, item);
        fg_str_t next = fg_json_str(json_object_get(answer, "position"));
        position = next.len ? fg_text_of(next) : NULL;
        json_decref(answer);
    } while (position);
    return true;
}

static void keep(void *user, json_t *item)
{
    json_array_append(user, item);
}

bool fg_caller_list(fg_caller_t *caller, const char *path, const char *query, json_t *items)
{
    return fg_caller_each(caller, path, query, keep, items);
}
