/*
 * audit - `faregate audit`: who changed what, newest first; or all of it into a file, oldest first.
 */
#include "ask.h"
#include "flags.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

typedef struct wishes {
    fg_wishes_t whom;
    const char *subject, *operation, *access_key_id, *from, *to, *limit, *position, *file, *json;
} wishes_t;

static fg_ask_t ask_of(const wishes_t *wishes)
{
    fg_ask_t ask = {.verb = "GET", .path = FG_STR("/faregate/audit")};

    fg_ask_query(&ask, "subject", wishes->subject);
    fg_ask_query(&ask, "operation", wishes->operation);
    fg_ask_query(&ask, "accessKeyId", wishes->access_key_id);
    fg_ask_query(&ask, "from", wishes->from);
    fg_ask_query(&ask, "to", wishes->to);
    return ask;
}

static void print_entry(const json_t *entry)
{
    fg_str_t before = fg_json_render(json_object_get(entry, "before"), fg_cli_arena());
    fg_str_t after = fg_json_render(json_object_get(entry, "after"), fg_cli_arena());

    printf("%s  %s  %s%s  %s  %.*s -> %.*s  %s\n", fg_ask_time(entry, "date"),
           fg_ask_text(entry, "accessKeyId"), fg_ask_text(entry, "operation"),
           json_is_true(json_object_get(entry, "denied")) ? " (denied)" : "",
           fg_ask_text(entry, "subject"), FG_STR_ARG(before), FG_STR_ARG(after),
           fg_ask_text(entry, "requestId"));
}

static void print_list(const json_t *answer)
{
    fg_ask_print_items(answer, "nothing is on record", print_entry);
}

static int show(const wishes_t *wishes)
{
    fg_ask_t ask = ask_of(wishes);

    fg_ask_query(&ask, "limit", wishes->limit);
    fg_ask_query(&ask, "position", wishes->position);
    return fg_ask_show(&wishes->whom, &ask, wishes->json != NULL, print_list);
}

/* ---- --export ---- */

static bool print_lines(const json_t *items, FILE *out)
{
    size_t i;
    json_t *entry;

    json_array_foreach(items, i, entry)
    {
        fg_str_t line = fg_json_render(entry, fg_cli_arena());
        if (!line.at || fprintf(out, "%.*s\n", FG_STR_ARG(line)) < 0)
            return false;
    }
    return true;
}

/* Page by page, so that nothing is held but the page. */
static int export_to(const wishes_t *wishes, FILE *out, size_t *ret_count)
{
    const char *position = NULL;

    do {
        FG_JSON_SCOPED *answer = NULL;
        fg_ask_t ask = ask_of(wishes);
        fg_ask_query(&ask, "oldestFirst", "true");
        fg_ask_query(&ask, "limit", "500");
        fg_ask_query(&ask, "position", position);
        int code = fg_ask(&wishes->whom, &ask, &answer);
        if (code != FG_EXIT_OK)
            return code;
        const json_t *items = json_object_get(answer, "item");
        if (!print_lines(items, out))
            return fg_fail(FG_EXIT_FAILURE, "audit: %s: %s", wishes->file, strerror(errno));
        *ret_count += json_array_size(items);
        position = json_string_value(json_object_get(answer, "position"));
        position = position ? fg_text("%s", position) : NULL;
    } while (position);
    return FG_EXIT_OK;
}

/* The log names everything that is there, so the file is its owner's alone. */
static int export(const wishes_t *wishes)
{
    int fd = open(wishes->file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    FILE *out = fd < 0 ? NULL : fdopen(fd, "w");
    size_t count = 0;

    if (!out)
        return fg_fail(FG_EXIT_FAILURE, "audit: %s: %s", wishes->file, strerror(errno));
    int code = export_to(wishes, out, &count);
    if (fclose(out) != 0 && code == FG_EXIT_OK)
        code = fg_fail(FG_EXIT_FAILURE, "audit: %s: %s", wishes->file, strerror(errno));
    if (code == FG_EXIT_OK)
        fg_say("%zu entries in %s", count, wishes->file);
    return code;
}

int fg_audit_command(int argc, char **argv)
{
    wishes_t wishes = {.json = NULL};
    const fg_flag_t flags[] = {
        FG_ASK_FLAGS(&wishes.whom),
        {"--subject", "PATH", "what was changed, and what lies under it", &wishes.subject},
        {"--operation", "NAME", "only this operation", &wishes.operation},
        {"--access-key-id", "ID", "only what this credential signed", &wishes.access_key_id},
        {"--from", "SECONDS", "no earlier than this time, in seconds since 1970", &wishes.from},
        {"--to", "SECONDS", "no later than this time", &wishes.to},
        {"--limit", "N", "at most so many; 25", &wishes.limit},
        {"--position", "TEXT", "go on where a list ended", &wishes.position},
        {"--export", "FILE", "all of it into a file, oldest first, a JSON object a line",
         &wishes.file},
        {"--json", NULL, "the answer as it is", &wishes.json},
    };
    const fg_flags_t table = {"audit", "list who changed what, newest first", flags,
                              FG_COUNT_OF(flags)};
    int code;

    if (!fg_flags_parse(&table, argc, argv, &code))
        return code;
    return wishes.file ? export(&wishes) : show(&wishes);
}
