/*
 * top - `faregate top`: the keys that are busiest, most used or nearest to the end of their quota.
 */
#include "ask.h"
#include "flags.h"
#include "output.h"
#include "printable.h"
#include "screen.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { ROWS_DEFAULT = 20, ROWS_MAX = 1000, HEAD_LINES = 4, REFRESH_MS = 1000 };

typedef struct top {
    fg_wishes_t wishes;
    const char *by;
    int64_t limit;
} top_t;

static const struct {
    const char *name, *words;
    int key;
} orders[] = {
    {"rate", "requests a second", 'r'},
    {"used", "requests today", 'u'},
    {"quota", "what is left of the quota", 'l'},
};

static int ask(const top_t *top, json_t **ret_answer)
{
    fg_ask_t question = {.verb = "GET", .path = FG_STR("/faregate/top")};

    fg_ask_query(&question, "by", top->by);
    fg_ask_query(&question, "limit", fg_text("%" PRId64, top->limit));
    return fg_ask(&top->wishes, &question, ret_answer);
}

/* ---- lines ---- */

static const char *member(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text ? text : "";
}

static const char *key_id(const json_t *item)
{
    const json_t *key = json_object_get(item, "key");
    const json_t *customer = json_object_get(key, "customerNumber");

    return customer ? fg_text("customer %" PRId64, (int64_t)json_integer_value(customer))
                    : member(key, "id");
}

/* What is left, and how many per cent that is. */
static const char *quota_text(const json_t *item)
{
    const json_t *quota = json_object_get(item, "quota");
    int64_t limit = json_integer_value(json_object_get(quota, "limit"));
    int64_t remaining = json_integer_value(json_object_get(quota, "remaining"));

    if (!quota)
        return fg_text("%12s %6s", "-", "-");
    return fg_text("%12" PRId64 " %5.1f%%", remaining, 100.0 * (double)remaining / (double)limit);
}

static const char *head_line(void)
{
    return fg_text("%s %s %s %10s %10s %12s %12s %6s", fg_field("KEY", 14), fg_field("NAME", 18),
                   fg_field("PLAN", 18), "REQ/S", "REFUSED/S", "TODAY", "LEFT", "LEFT%");
}

static const char *item_line(const json_t *item)
{
    const json_t *plan = json_object_get(item, "plan");
    const char *plan_name = *member(plan, "name") ? member(plan, "name") : member(plan, "id");

    return fg_text(
        "%s %s %s %10.1f %10.1f %12" PRId64 " %s", fg_field(key_id(item), 14),
        fg_field(member(json_object_get(item, "key"), "name"), 18), fg_field(plan_name, 18),
        json_number_value(json_object_get(item, "requestsPerSecond")),
        json_number_value(json_object_get(item, "refusedPerSecond")),
        (int64_t)json_integer_value(json_object_get(item, "usedToday")), quota_text(item));
}

static void print_table(const json_t *answer)
{
    size_t i;
    const json_t *item;

    puts(head_line());
    json_array_foreach(json_object_get(answer, "item"), i, item) puts(item_line(item));
}

/* ---- the screen ---- */

static const char *title(const top_t *top, const json_t *answer)
{
    time_t now = (time_t)json_integer_value(json_object_get(answer, "at"));
    const char *words = "";
    struct tm parts;
    char clock[16];

    for (size_t i = 0; i < FG_COUNT_OF(orders); i++)
        if (strcmp(top->by, orders[i].name) == 0)
            words = orders[i].words;
    gmtime_r(&now, &parts);
    strftime(clock, sizeof(clock), "%H:%M:%S", &parts);
    return fg_text("faregate top  %s UTC  keys by %s", clock, words);
}

static void show(const top_t *top, const json_t *answer)
{
    const json_t *items = json_object_get(answer, "item"), *item;
    const char *lines[HEAD_LINES + ROWS_MAX] = {
        title(top, answer), "sort: r requests a second, u used today, l left of the quota   q quit",
        "", head_line()};
    size_t i, count = HEAD_LINES;

    json_array_foreach(items, i, item) lines[count++] = item_line(item);
    fg_screen_show(lines, count, HEAD_LINES - 1);
}

/* False when it is time to go. */
static bool obey(top_t *top, int key)
{
    for (size_t i = 0; i < FG_COUNT_OF(orders); i++)
        if (key == orders[i].key)
            top->by = orders[i].name;
    return key != 'q' && key != 'Q';
}

/* One look: ask, show, wait for a key. A failure is said on the terminal as it was. */
static bool look(top_t *top, int *ret_code)
{
    json_t *answer = NULL;

    fg_arena_reset(fg_cli_arena());
    top->limit = (int64_t)(fg_screen_rows() > HEAD_LINES ? fg_screen_rows() - HEAD_LINES : 1);
    if (top->limit > ROWS_MAX)
        top->limit = ROWS_MAX;
    if (ask(top, &answer) != FG_EXIT_OK) {
        fg_screen_close();
        *ret_code = ask(top, &answer);
        if (*ret_code != FG_EXIT_OK || !fg_screen_open())
            return false;
    }
    FG_JSON_SCOPED *owned = answer;
    show(top, owned);
    return obey(top, fg_screen_key(REFRESH_MS));
}

static int run(top_t *top)
{
    int code = FG_EXIT_OK;

    if (!fg_screen_open())
        return fg_fail(FG_EXIT_FAILURE, "top: this terminal cannot be used (TERM), try --once");
    while (look(top, &code))
        ;
    fg_screen_close();
    return code;
}

static int once(const top_t *top, bool is_json)
{
    json_t *answer = NULL;
    int code = ask(top, &answer);

    if (code != FG_EXIT_OK)
        return code;
    FG_JSON_SCOPED *owned = answer;
    if (is_json)
        fg_output_print(owned, NULL, "top");
    else
        print_table(owned);
    return FG_EXIT_OK;
}

int fg_top_command(int argc, char **argv)
{
    top_t top = {.by = "rate", .limit = ROWS_DEFAULT};
    const char *limit = NULL, *is_once = NULL, *is_json = NULL;
    const fg_flag_t flags[] = {
        FG_ASK_FLAGS(&top.wishes),
        {"--by", "rate|used|quota", "what comes first; rate", &top.by},
        {"--limit", "N", "rows of --once; 20", &limit},
        {"--once", NULL, "print one table and end; so without a terminal", &is_once},
        {"--json", NULL, "print once, as JSON", &is_json},
    };
    const fg_flags_t table = {"top", "the keys that stand out now", flags, FG_COUNT_OF(flags)};
    int code;
    bool is_known = false;

    if (!fg_flags_parse(&table, argc, argv, &code))
        return code;
    for (size_t i = 0; i < FG_COUNT_OF(orders); i++)
        is_known = is_known || strcmp(top.by, orders[i].name) == 0;
    if (!is_known)
        return fg_fail(FG_EXIT_USAGE, "top: --by takes rate, used or quota, not '%s'", top.by);
    if (!fg_flag_number("top: --limit", limit, 1, ROWS_MAX, &top.limit))
        return FG_EXIT_USAGE;
    if (is_once || is_json || !isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
        return once(&top, is_json != NULL);
    return run(&top);
}
