/*
 * whatif - `faregate whatif`: what a plan would have refused of what was asked.
 */
#include "ask.h"
#include "flags.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

enum { DRAFT_BYTES_MAX = 1 << 20 };

enum { SINCE_DEFAULT_S = 86400 };

typedef struct wishes {
    fg_wishes_t whom;
    const char *plan, *usage_of, *key, *since, *from, *to, *is_json;
} wishes_t;

static bool parse(wishes_t *wishes, int argc, char **argv, int *ret_code)
{
    const fg_flag_t flags[] = {
        {"--plan", "FILE|ID", "the plan to try: JSON with throttle and quota, or one that exists",
         &wishes->plan},
        {"--usage-of", "ID", "the plan whose usage is replayed; needed with a FILE",
         &wishes->usage_of},
        {"--key", "ID", "this key alone", &wishes->key},
        {"--since", "TIME", "so long back: 90s, 30m, 24h, 7d (24h)", &wishes->since},
        {"--from", "TIME", "2026-01-31T12:00:00Z, in place of --since", &wishes->from},
        {"--to", "TIME", "likewise (now)", &wishes->to},
        {"--json", NULL, "one JSON document", &wishes->is_json},
        FG_ASK_FLAGS(&wishes->whom),
    };
    const fg_flags_t table = {"whatif", "what a plan would have refused", flags,
                              FG_COUNT_OF(flags)};

    if (!fg_flags_parse(&table, argc, argv, ret_code))
        return false;
    *ret_code = FG_EXIT_USAGE;
    if (!wishes->plan) {
        fg_say("whatif: --plan is needed");
        return false;
    }
    return fg_flag_since(wishes->since, SINCE_DEFAULT_S, &wishes->from);
}

/* A FILE when there is one of that name, else an ID. New reference; NULL after a line on stderr. */
static json_t *make_body(const wishes_t *wishes)
{
    fg_error_t error;
    json_t *body;

    if (access(wishes->plan, F_OK) == 0) {
        fg_str_t text = fg_read_file(wishes->plan, DRAFT_BYTES_MAX);
        body = text.at ? fg_json_parse(text, &error) : NULL;
        if (!json_is_object(body)) {
            fg_say("whatif: %s: %s", wishes->plan,
                   !text.at ? strerror(errno)
                   : body   ? "not an object"
                            : error.message);
            json_decref(body);
            return NULL;
        }
    } else {
        body = json_pack("{s:s}", "usagePlanId", wishes->plan);
    }
    if (wishes->usage_of)
        json_object_set_new(body, "usageOf", json_string(wishes->usage_of));
    return body;
}

/* All pages in one; new reference in *ret_all. */
static int ask_all(const wishes_t *wishes, const json_t *body, json_t **ret_all)
{
    const char *position = NULL;
    json_t *all = NULL, *page;
    int code;

    do {
        fg_ask_t ask = {"POST", FG_STR("/faregate/whatif"), FG_STR(""),
                        fg_json_render(body, fg_cli_arena())};
        fg_ask_query(&ask, "from", wishes->from);
        fg_ask_query(&ask, "to", wishes->to);
        fg_ask_query(&ask, "keyId", wishes->key);
        fg_ask_query(&ask, "position", position);
        code = fg_ask(&wishes->whom, &ask, &page);
        if (code != FG_EXIT_OK) {
            json_decref(all);
            return code;
        }
        fg_str_t next = fg_json_str(json_object_get(page, "position"));
        position = next.at ? fg_text_of(next) : NULL;
        if (all)
            json_array_extend(json_object_get(all, "items"), json_object_get(page, "items"));
        else
            all = json_incref(page);
        json_decref(page);
    } while (position);
    json_object_del(all, "position");
    *ret_all = all;
    return FG_EXIT_OK;
}

static const char *const columns[] = {"admitted", "throttled", "overQuota"};
enum { COLUMN_COUNT = 3 };

typedef struct sums {
    int64_t was[COLUMN_COUNT], would_be[COLUMN_COUNT];
} sums_t;

static void add(sums_t *sums, const json_t *item)
{
    for (size_t i = 0; i < COLUMN_COUNT; i++) {
        sums->was[i] +=
            json_integer_value(json_object_get(json_object_get(item, "was"), columns[i]));
        sums->would_be[i] +=
            json_integer_value(json_object_get(json_object_get(item, "wouldBe"), columns[i]));
    }
}

static void print_sums(const char *name, const sums_t *sums)
{
    printf("%-12s", name);
    for (size_t i = 0; i < COLUMN_COUNT; i++)
        printf(" %10" PRId64 " -> %-10" PRId64, sums->was[i], sums->would_be[i]);
    printf("\n");
}

/* Each key and the total; the total is added to the document. */
static void print_all(json_t *all, bool is_json)
{
    sums_t total = {.was = {0}};
    size_t i;
    json_t *item;

    if (!is_json)
        printf("%-12s %10s    %-10s %10s    %-10s %10s\n", "KEY", "ADMITTED", "", "THROTTLED", "",
               "OVER QUOTA");
    json_array_foreach(json_object_get(all, "items"), i, item)
    {
        sums_t sums = {.was = {0}};
        add(&sums, item);
        add(&total, item);
        if (!is_json)
            print_sums(fg_text_of(fg_json_str(json_object_get(item, "keyId"))), &sums);
    }
    if (!is_json) {
        print_sums("total", &total);
        fg_say("minutes are replayed, each spread evenly: bursts within one are not seen");
        return;
    }
    json_t *was = json_object(), *would_be = json_object();
    for (size_t column = 0; column < COLUMN_COUNT; column++) {
        json_object_set_new(was, columns[column], json_integer(total.was[column]));
        json_object_set_new(would_be, columns[column], json_integer(total.would_be[column]));
    }
    json_object_set_new(all, "total", json_pack("{s:o, s:o}", "was", was, "wouldBe", would_be));
    printf("%s\n", fg_text_of(fg_json_render(all, fg_cli_arena())));
}

int fg_whatif_command(int argc, char **argv)
{
    wishes_t wishes = {0};
    json_t *all = NULL;
    int code;

    if (!parse(&wishes, argc, argv, &code))
        return code;
    FG_JSON_SCOPED *body = make_body(&wishes);
    if (!body)
        return FG_EXIT_FAILURE;
    code = ask_all(&wishes, body, &all);
    if (code != FG_EXIT_OK)
        return code;
    print_all(all, wishes.is_json);
    json_decref(all);
    return FG_EXIT_OK;
}
