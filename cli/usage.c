/*
 * usage - `faregate usage`: what happened to the requests of a plan's keys, by the minute, hour or
 * day.
 */
#include "ask.h"
#include "flags.h"

#include <inttypes.h>
#include <stdio.h>

enum { SINCE_DEFAULT_S = 3600 };

typedef struct wishes {
    fg_wishes_t whom;
    const char *plan, *key, *since, *from, *to, *step, *is_json;
} wishes_t;

static bool parse(wishes_t *wishes, int argc, char **argv, int *ret_code)
{
    const fg_flag_t flags[] = {
        {"--plan", "ID", "whose keys (needed)", &wishes->plan},
        {"--key", "ID", "this one alone", &wishes->key},
        {"--since", "TIME", "so long back: 90s, 30m, 1h, 7d (1h)", &wishes->since},
        {"--from", "TIME", "2026-01-31T12:00:00Z or seconds since 1970, in place of --since",
         &wishes->from},
        {"--to", "TIME", "likewise (now)", &wishes->to},
        {"--step", "minute|hour|day", "what one line stands for (minute)", &wishes->step},
        {"--json", NULL, "one JSON document", &wishes->is_json},
        FG_ASK_FLAGS(&wishes->whom),
    };
    const fg_flags_t table = {"usage", "usage of a plan's keys by the minute, hour or day", flags,
                              FG_COUNT_OF(flags)};

    if (!fg_flags_parse(&table, argc, argv, ret_code))
        return false;
    *ret_code = FG_EXIT_USAGE;
    if (!wishes->plan) {
        fg_say("usage: --plan is needed");
        return false;
    }
    return fg_flag_since(wishes->since, SINCE_DEFAULT_S, &wishes->from);
}

/* All pages in one: the first answer with every item. New reference in *ret_all. */
static int ask_all(const wishes_t *wishes, json_t **ret_all)
{
    const char *position = NULL;
    json_t *all = NULL;
    int code;

    do {
        json_t *page;
        fg_ask_t ask = {"GET", fg_ask_path("/faregate/usageplans/{}/usage", wishes->plan),
                        FG_STR(""), FG_STR_NONE};
        fg_ask_query(&ask, "keyId", wishes->key);
        fg_ask_query(&ask, "from", wishes->from);
        fg_ask_query(&ask, "to", wishes->to);
        fg_ask_query(&ask, "step", wishes->step);
        fg_ask_query(&ask, "position", position);
        code = fg_ask(&wishes->whom, &ask, &page);
        if (code != FG_EXIT_OK)
            break;
        fg_str_t next = fg_json_str(json_object_get(page, "position"));
        position = next.at ? fg_text_of(next) : NULL;
        if (all)
            json_array_extend(json_object_get(all, "items"), json_object_get(page, "items"));
        else
            all = json_incref(page);
        json_decref(page);
    } while (position);
    if (code == FG_EXIT_OK) {
        json_object_del(all, "position");
        *ret_all = all;
    } else {
        json_decref(all);
    }
    return code;
}

static int64_t number(const json_t *object, const char *member)
{
    return (int64_t)json_integer_value(json_object_get(object, member));
}

static void print_line(const char *key_id, const char *time_text, const json_t *figures)
{
    const json_t *answers = json_object_get(figures, "answers");

    printf("%-12s %-20s %10" PRId64 " %10" PRId64 " %10" PRId64 " %8" PRId64 " %8" PRId64
           " %8" PRId64 "\n",
           key_id, time_text, number(figures, "admitted"), number(figures, "throttled"),
           number(figures, "overQuota"), number(answers, "2xx"), number(answers, "4xx"),
           number(answers, "5xx"));
}

static void print_table(const json_t *all)
{
    size_t i, j;
    json_t *item, *figures;

    printf("%-12s %-20s %10s %10s %10s %8s %8s %8s\n", "KEY", "TIME", "ADMITTED", "THROTTLED",
           "OVER QUOTA", "2XX", "4XX", "5XX");
    json_array_foreach(json_object_get(all, "items"), i, item)
    {
        const char *key_id = fg_text_of(fg_json_str(json_object_get(item, "keyId")));
        json_array_foreach(json_object_get(item, "figures"), j, figures)
            print_line(key_id, fg_text_of(fg_json_str(json_object_get(figures, "time"))), figures);
        print_line(key_id, "total", json_object_get(item, "total"));
    }
    if (number(all, "age") > 0)
        fg_say("the newest figures are %" PRId64 " s old", number(all, "age"));
}

int fg_usage_command(int argc, char **argv)
{
    wishes_t wishes = {0};
    json_t *all = NULL;
    int code;

    if (!parse(&wishes, argc, argv, &code))
        return code;
    code = ask_all(&wishes, &all);
    if (code != FG_EXIT_OK)
        return code;
    if (wishes.is_json)
        printf("%s\n", fg_text_of(fg_json_render(all, fg_cli_arena())));
    else
        print_table(all);
    json_decref(all);
    return FG_EXIT_OK;
}
