/*
 * alerts - `faregate alerts`: what was told of quotas, and whether it arrived.
 */
#include "ask.h"
#include "flags.h"

#include <stdio.h>

typedef struct alerts {
    fg_wishes_t wishes;
    const char *state, *limit, *position, *url, *json;
} alerts_t;

static void print_event(const json_t *item)
{
    const json_t *data = json_object_get(json_object_get(item, "event"), "data");
    const json_t *threshold = json_object_get(data, "threshold");
    const char *error = fg_ask_text(item, "lastError");

    printf("%s  %-9s  ", fg_ask_time(item, "createdDate"), fg_ask_text(item, "state"));
    if (threshold)
        printf("plan %s  %s %s  %d%%  %" JSON_INTEGER_FORMAT " of %" JSON_INTEGER_FORMAT
               "  runs out %s",
               fg_ask_text(data, "planId"),
               json_is_string(json_object_get(data, "keyId")) ? "key" : "customer",
               fg_ask_text(json_object_get(item, "event"), "subject"),
               (int)json_integer_value(threshold),
               json_integer_value(json_object_get(data, "used")),
               json_integer_value(json_object_get(data, "limit")),
               fg_ask_text(json_object_get(data, "forecast"), "runsOutAt"));
    else
        printf("test  to %s", fg_ask_text(item, "url"));
    if (strcmp(error, "-") != 0)
        printf("  (attempt %d: %s)", (int)json_integer_value(json_object_get(item, "attempts")),
               error);
    putchar('\n');
}

static void print_list(const json_t *answer)
{
    fg_ask_print_items(answer, "no alerts", print_event);
}

static int list(const alerts_t *alerts)
{
    fg_ask_t ask = {.verb = "GET", .path = FG_STR("/faregate/alerts")};

    fg_ask_query(&ask, "state", alerts->state);
    fg_ask_query(&ask, "limit", alerts->limit);
    fg_ask_query(&ask, "position", alerts->position);
    return fg_ask_show(&alerts->wishes, &ask, alerts->json != NULL, print_list);
}

static void print_webhook(const json_t *answer)
{
    printf("url     %s\nsecret  %s\n", fg_ask_text(answer, "url"), fg_ask_text(answer, "secret"));
}

static int show_webhook(const alerts_t *alerts)
{
    fg_ask_t ask = {.verb = "GET", .path = FG_STR("/faregate/alerts/webhook")};

    return fg_ask_show(&alerts->wishes, &ask, alerts->json != NULL, print_webhook);
}

static void print_test(const json_t *answer)
{
    printf("event %s is on its way to %s\n", fg_ask_text(answer, "id"), fg_ask_text(answer, "url"));
}

static int send_test(const alerts_t *alerts)
{
    FG_JSON_SCOPED *body = alerts->url ? json_pack("{s:s}", "url", alerts->url) : json_object();
    fg_ask_t ask = {.verb = "POST",
                    .path = FG_STR("/faregate/alerts/test"),
                    .body = fg_json_render(body, fg_cli_arena())};

    return fg_ask_show(&alerts->wishes, &ask, alerts->json != NULL, print_test);
}

int fg_alerts_command(int argc, char **argv)
{
    static const struct {
        const char *word;
        int (*run)(const alerts_t *alerts);
    } words[] = {{"list", list}, {"webhook", show_webhook}, {"test", send_test}};
    alerts_t alerts = {.json = NULL};
    const fg_flag_t flags[] = {
        FG_ASK_FLAGS(&alerts.wishes),
        {"--state", "STATE", "only pending, delivered, failed or unsent ones", &alerts.state},
        {"--limit", "N", "at most so many; 25", &alerts.limit},
        {"--position", "TEXT", "go on where a list ended", &alerts.position},
        {"--url", "URL", "of the test; else the installation's", &alerts.url},
        {"--json", NULL, "the answer as it is", &alerts.json},
    };
    const fg_flags_t table = {"alerts [list|webhook|test]",
                              "list alerts, show the webhook's secret, "
                              "send a test",
                              flags, FG_COUNT_OF(flags)};
    const char *word = argc > 0 && argv[0][0] != '-' ? argv[0] : NULL;
    int code;

    if (!fg_flags_parse(&table, word ? argc - 1 : argc, word ? argv + 1 : argv, &code))
        return code;
    for (size_t i = 0; i < FG_COUNT_OF(words); i++)
        if (strcmp(word ? word : "list", words[i].word) == 0)
            return words[i].run(&alerts);
    return fg_fail(FG_EXIT_USAGE, "alerts: '%s' is none of list, webhook, test", word);
}
