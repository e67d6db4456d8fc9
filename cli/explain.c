/*
 * explain - `faregate explain`: why a request was refused, in words; and the latest refusals.
 */
#include "ask.h"
#include "flags.h"
#include "output.h"
#include "printable.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

enum { LATEST_MAX = 1000 };

static const char *member(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text ? fg_printable(text) : "";
}

static int64_t number(const json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

static const char *time_text(int64_t seconds)
{
    time_t time = (time_t)seconds;
    struct tm parts;
    char text[40];

    gmtime_r(&time, &parts);
    strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S UTC", &parts);
    return fg_text("%s", text);
}

static void print_row(const char *name, const char *text)
{
    if (*text)
        printf("  %-10s %s\n", name, text);
}

/* "id (name)" of a member that is {"id": ..., "name": ...}; "" when it is not there. */
static const char *named(const json_t *explain, const char *name)
{
    const json_t *object = json_object_get(explain, name);
    const char *its_name = member(object, "name");

    return *its_name ? fg_text("%s (%s)", member(object, "id"), its_name) : member(object, "id");
}

static const char *method_text(const json_t *explain)
{
    const json_t *resource = json_object_get(explain, "resource");
    const char *path = member(explain, "path");

    if (!*member(resource, "path"))
        return *path ? fg_text("none for path %s", path) : "";
    return fg_text("%s %s (called as %s)", member(explain, "method"), member(resource, "path"),
                   path);
}

static const char *limit_text(const json_t *explain)
{
    const json_t *throttle = json_object_get(explain, "throttle");

    if (!throttle)
        return member(explain, "limit");
    return fg_text("%s: %g requests a second, burst %" PRId64, member(explain, "limit"),
                   json_number_value(json_object_get(throttle, "rateLimit")),
                   number(throttle, "burstLimit"));
}

static const char *quota_text(const json_t *explain)
{
    const json_t *quota = json_object_get(explain, "quota");

    if (!quota)
        return "";
    return fg_text("%" PRId64 " of %" PRId64 " were left; the next period opens %s",
                   number(quota, "remaining"), number(quota, "limit"),
                   time_text(number(quota, "resetAt")));
}

static const char *again_text(const json_t *explain)
{
    const json_t *seconds = json_object_get(explain, "retryAfter");

    if (json_is_null(seconds))
        return "never, while the limit stays as it is";
    if (!seconds)
        return "";
    int64_t count = json_integer_value(seconds);
    return fg_text("%" PRId64 " second%s after that, %s", count, count == 1 ? "" : "s",
                   time_text(number(explain, "at") + count));
}

static void print_one(const json_t *explain)
{
    const char *verb = json_is_true(json_object_get(explain, "isDryRun"))
                           ? "Would have been refused (dry run), answered"
                           : "Refused";

    printf("%s with status %" PRId64 " at %s: %s\n%s\n\n", verb, number(explain, "status"),
           time_text(number(explain, "at")), member(explain, "reason"),
           member(explain, "sentence"));
    print_row("request", member(explain, "requestId"));
    print_row("api", named(explain, "api"));
    print_row("stage", member(explain, "stage"));
    print_row("method", method_text(explain));
    print_row("key", named(explain, "key"));
    print_row("plan", named(explain, "plan"));
    print_row("address", member(explain, "address"));
    print_row("limit", limit_text(explain));
    print_row("quota", quota_text(explain));
    print_row("opens", again_text(explain));
    if (*member(explain, "remedy"))
        printf("\nWhat to do: %s\n", member(explain, "remedy"));
}

static void print_list(const json_t *items)
{
    size_t i;
    const json_t *explain;

    printf("%-23s %-6s %-22s %-10s %-12s %-12s %s\n", "AT", "STATUS", "REASON", "API", "STAGE",
           "KEY", "REQUEST");
    json_array_foreach(items, i, explain)
        printf("%-23s %-6" PRId64 " %-22s %-10s %-12s %-12s %s\n", time_text(number(explain, "at")),
               number(explain, "status"), member(explain, "reason"),
               member(json_object_get(explain, "api"), "id"), member(explain, "stage"),
               member(json_object_get(explain, "key"), "id"), member(explain, "requestId"));
}

int fg_explain_command(int argc, char **argv)
{
    fg_wishes_t wishes = {0};
    const char *id = NULL, *latest = NULL, *is_json = NULL;
    const fg_flag_t flags[] = {
        FG_ASK_FLAGS(&wishes),
        {"--latest", "N", "the latest N refusals in place of one", &latest},
        {"--json", NULL, "the answer as JSON", &is_json},
    };
    const fg_flags_t table = {"explain", "why a request was refused: faregate explain REQUEST-ID",
                              flags, FG_COUNT_OF(flags)};
    int64_t count = 0;
    json_t *answer;
    int code;

    if (argc > 0 && argv[0][0] != '-') {
        id = argv[0];
        argc--;
        argv++;
    }
    if (!fg_flags_parse(&table, argc, argv, &code))
        return code;
    if (!fg_flag_number("explain: --latest", latest, 1, LATEST_MAX, &count))
        return FG_EXIT_USAGE;
    if (!id == !latest)
        return fg_fail(FG_EXIT_USAGE, "explain: give a request id (x-amzn-RequestId of the answer) "
                                      "or --latest N");
    fg_ask_t ask = {.verb = "GET",
                    .path =
                        id ? fg_ask_path("/faregate/explain/{}", id) : FG_STR("/faregate/explain")};
    fg_ask_query(&ask, "latest", latest);
    code = fg_ask_lookup(&wishes, &ask, &answer);
    if (code != FG_EXIT_OK)
        return code;
    FG_JSON_SCOPED *owned = answer;
    if (is_json)
        fg_output_print(owned, NULL, "explain");
    else if (id)
        print_one(owned);
    else
        print_list(json_object_get(owned, "item"));
    return FG_EXIT_OK;
}
