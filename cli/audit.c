/*
 * audit - `faregate audit`: who changed what, newest first.
 */
#include "ask.h"
#include "flags.h"

#include <stdio.h>

static void print_entry(const json_t *entry)
{
    fg_str_t before = fg_json_render(json_object_get(entry, "before"), fg_cli_arena());
    fg_str_t after = fg_json_render(json_object_get(entry, "after"), fg_cli_arena());

    printf("%s  %s  %s  %s  %.*s -> %.*s  %s\n", fg_ask_time(entry, "date"),
           fg_ask_text(entry, "accessKeyId"), fg_ask_text(entry, "operation"),
           fg_ask_text(entry, "subject"), FG_STR_ARG(before), FG_STR_ARG(after),
           fg_ask_text(entry, "requestId"));
}

static void print_list(const json_t *answer)
{
    fg_ask_print_items(answer, "nothing is on record", print_entry);
}

int fg_audit_command(int argc, char **argv)
{
    fg_wishes_t wishes = {0};
    const char *subject = NULL, *operation = NULL, *from = NULL, *limit = NULL, *position = NULL,
               *json = NULL;
    const fg_flag_t flags[] = {
        FG_ASK_FLAGS(&wishes),
        {"--subject", "PATH", "what was changed, and what lies under it", &subject},
        {"--operation", "NAME", "only this operation", &operation},
        {"--from", "SECONDS", "no earlier than this time, in seconds since 1970", &from},
        {"--limit", "N", "at most so many; 25", &limit},
        {"--position", "TEXT", "go on where a list ended", &position},
        {"--json", NULL, "the answer as it is", &json},
    };
    const fg_flags_t table = {"audit", "list who changed what, newest first", flags,
                              FG_COUNT_OF(flags)};
    fg_ask_t ask = {.verb = "GET", .path = FG_STR("/faregate/audit")};
    int code;

    if (!fg_flags_parse(&table, argc, argv, &code))
        return code;
    fg_ask_query(&ask, "subject", subject);
    fg_ask_query(&ask, "operation", operation);
    fg_ask_query(&ask, "from", from);
    fg_ask_query(&ask, "limit", limit);
    fg_ask_query(&ask, "position", position);
    return fg_ask_show(&wishes, &ask, json != NULL, print_list);
}
