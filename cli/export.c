/*
 * export - `faregate export`: the configuration; and billing: close periods, and check what was
 * closed without a server.
 */
#include "ask.h"
#include "config_export.h"
#include "flags.h"
#include "records.h"

#include <inttypes.h>

typedef struct wishes {
    fg_wishes_t whom;
    const char *plan, *period, *format, *public_key;
} wishes_t;

static int print_records(const char *format, const json_t *answer)
{
    fg_error_t error;
    fg_str_t rest = fg_json_str(json_object_get(answer, "records"));

    if (strcmp(format, "jsonl") == 0) {
        printf("%.*s", FG_STR_ARG(rest));
        return FG_EXIT_OK;
    }
    fg_record_print_csv(NULL, stdout);
    while (rest.len > 0) {
        FG_JSON_SCOPED *record = fg_json_parse(fg_str_cut(&rest, '\n'), &error);
        if (!record)
            return fg_fail(FG_EXIT_ERROR, "export: a record is no JSON: %s", error.message);
        fg_record_print_csv(record, stdout);
    }
    return FG_EXIT_OK;
}

static int usage(int argc, char **argv)
{
    wishes_t wishes = {.format = "jsonl"};
    const fg_flag_t flags[] = {
        {"--plan", "ID", "whose period (needed)", &wishes.plan},
        {"--period", "MONTH|DAY", "2026-01 or 2026-01-31 (needed)", &wishes.period},
        {"--format", "jsonl|csv", "of the records (jsonl)", &wishes.format},
        FG_ASK_FLAGS(&wishes.whom),
    };
    const fg_flags_t table = {"export usage", "close a billing period and print its records", flags,
                              FG_COUNT_OF(flags)};
    int code;

    if (!fg_flags_parse(&table, argc, argv, &code))
        return code;
    if (!wishes.plan || !wishes.period)
        return fg_fail(FG_EXIT_USAGE, "export usage: --plan and --period are needed");
    if (strcmp(wishes.format, "jsonl") != 0 && strcmp(wishes.format, "csv") != 0)
        return fg_fail(FG_EXIT_USAGE, "export usage: --format takes jsonl or csv, not '%s'",
                       wishes.format);
    FG_JSON_SCOPED *body =
        json_pack("{s:s, s:s}", "usagePlanId", wishes.plan, "period", wishes.period);
    fg_ask_t ask = {"POST", FG_STR("/faregate/exports"), FG_STR(""),
                    fg_json_render(body, fg_cli_arena())};
    json_t *answer;
    code = fg_ask(&wishes.whom, &ask, &answer);
    if (code != FG_EXIT_OK)
        return code;
    code = print_records(wishes.format, answer);
    json_decref(answer);
    return code;
}

static int list(int argc, char **argv)
{
    wishes_t wishes = {0};
    const char *position = NULL;
    const fg_flag_t flags[] = {
        {"--plan", "ID", "of this plan alone", &wishes.plan},
        FG_ASK_FLAGS(&wishes.whom),
    };
    const fg_flags_t table = {"export list", "closed billing periods, a JSON object a line", flags,
                              FG_COUNT_OF(flags)};
    int code;

    if (!fg_flags_parse(&table, argc, argv, &code))
        return code;
    do {
        json_t *answer, *item;
        size_t i;
        fg_ask_t ask = {"GET", FG_STR("/faregate/exports"), FG_STR(""), FG_STR_NONE};
        fg_ask_query(&ask, "usagePlanId", wishes.plan);
        fg_ask_query(&ask, "position", position);
        code = fg_ask(&wishes.whom, &ask, &answer);
        if (code != FG_EXIT_OK)
            return code;
        json_array_foreach(json_object_get(answer, "item"), i, item)
            printf("%s\n", fg_text_of(fg_json_render(item, fg_cli_arena())));
        fg_str_t next = fg_json_str(json_object_get(answer, "position"));
        position = next.at ? fg_text_of(next) : NULL;
        json_decref(answer);
    } while (position);
    return FG_EXIT_OK;
}

static int public_key(int argc, char **argv)
{
    wishes_t wishes = {0};
    const fg_flag_t flags[] = {FG_ASK_FLAGS(&wishes.whom)};
    const fg_flags_t table = {"export public-key", "the key that exports are checked with, as PEM",
                              flags, FG_COUNT_OF(flags)};
    fg_ask_t ask = {"GET", FG_STR("/faregate/exports/publickey"), FG_STR(""), FG_STR_NONE};
    json_t *answer;
    int code;

    if (!fg_flags_parse(&table, argc, argv, &code))
        return code;
    code = fg_ask(&wishes.whom, &ask, &answer);
    if (code != FG_EXIT_OK)
        return code;
    printf("%.*s", FG_STR_ARG(fg_json_str(json_object_get(answer, "pem"))));
    json_decref(answer);
    return FG_EXIT_OK;
}

static int verify(int argc, char **argv)
{
    wishes_t wishes = {0};
    const char *path = argc > 0 && argv[0][0] != '-' ? argv[0] : NULL;
    uint8_t key[FG_PUBLIC_KEY_BYTES];
    const fg_flag_t flags[] = {
        {"--public-key", "FILE", "what export public-key printed (needed)", &wishes.public_key},
    };
    const fg_flags_t table = {"export verify FILE", "check a file of closed periods, offline",
                              flags, FG_COUNT_OF(flags)};
    int code;

    if (!fg_flags_parse(&table, argc - (path != NULL), argv + (path != NULL), &code))
        return code;
    if (!path || !wishes.public_key)
        return fg_fail(FG_EXIT_USAGE, "export verify: FILE and --public-key are needed");
    if (!fg_public_key_read(wishes.public_key, key))
        return FG_EXIT_FAILURE;
    FG_JSON_SCOPED *records = fg_records_read(path);
    if (!records || !fg_records_hold(records, key))
        return FG_EXIT_FAILURE;
    printf("%zu records are as they were closed and signed\n", json_array_size(records));
    return FG_EXIT_OK;
}

int fg_export_command(int argc, char **argv)
{
    static const struct {
        const char *word;
        fg_subcommand_t *run;
    } verbs[] = {{"usage", usage},
                 {"list", list},
                 {"public-key", public_key},
                 {"verify", verify},
                 {"config", fg_config_export_command}};

    for (size_t i = 0; argc > 0 && i < FG_COUNT_OF(verbs); i++)
        if (strcmp(argv[0], verbs[i].word) == 0)
            return verbs[i].run(argc - 1, argv + 1);
    if (argc == 0 || argv[0][0] == '-')
        return fg_config_export_command(argc, argv);
    return fg_fail(FG_EXIT_USAGE, "export: '%s' is none of config, usage, list, public-key, verify",
                   argv[0]);
}
