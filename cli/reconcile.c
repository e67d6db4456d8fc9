/*
 * reconcile - `faregate reconcile`: access log, ledger and export must tell the same.
 *
 * Every count stands in one table by "plan key day". Rules U5, B2.
 */
#include "ask.h"
#include "flags.h"
#include "records.h"

#include "base/clock.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

typedef enum source { SOURCE_LOG, SOURCE_LEDGER, SOURCE_EXPORT, SOURCE_COUNT } source_t;

typedef struct reconciliation {
    fg_wishes_t whom;
    const char *access_log, *plan, *from, *to, *export, *public_key, *is_all, *is_json;
    json_t *rows;  /* "plan key day" -> [log, ledger, export] */
    json_t *plans; /* id -> true: those to ask about */
    size_t line_count;
    bool has_marks; /* some line says what it counted as */
} reconciliation_t;

static bool is_in_range(const reconciliation_t *all, const char *day)
{
    return (!all->from || strcmp(day, all->from) >= 0) && (!all->to || strcmp(day, all->to) <= 0);
}

static void count(reconciliation_t *all, const char *plan, const char *key, const char *day,
                  source_t source, int64_t requests)
{
    char name[128];

    if ((all->plan && strcmp(plan, all->plan) != 0) || !is_in_range(all, day))
        return;
    snprintf(name, sizeof(name), "%s %s %s", plan, key, day);
    json_t *row = json_object_get(all->rows, name);
    if (!row) {
        row = json_pack("[i, i, i]", 0, 0, 0);
        json_object_set_new(all->rows, name, row);
    }
    json_t *cell = json_array_get(row, source);
    json_integer_set(cell, json_integer_value(cell) + requests);
}

/* ---- the log ---- */

/* The word behind " name=" into ret_word; false when the line has none, or "-". */
static bool word_of(const char *line, const char *name, char ret_word[32])
{
    const char *at = strstr(line, name);
    size_t bytes = at ? strcspn(at += strlen(name), " \n") : 0;

    if (bytes == 0 || bytes >= 32 || (bytes == 1 && *at == '-'))
        return false;
    memcpy(ret_word, at, bytes);
    ret_word[bytes] = '\0';
    return true;
}

/* The marks stand last in a line: a path in it cannot pretend to be one. */
static void count_line(reconciliation_t *all, char *line)
{
    char key[32], plan[32], day[32];
    char *marks = strrchr(line, '"');

    marks = marks ? marks : line;
    all->line_count++;
    all->has_marks = all->has_marks || strstr(marks, " counted=");
    if (!word_of(marks, " key=", key) || !word_of(marks, " plan=", plan) ||
        !word_of(marks, " counted=", day))
        return;
    count(all, plan, key, day, SOURCE_LOG, 1);
}

static int read_log(reconciliation_t *all)
{
    char *line = NULL;
    size_t room = 0;
    FILE *log = fopen(all->access_log, "re");

    if (!log)
        return fg_fail(FG_EXIT_FAILURE, "%s: %s", all->access_log, strerror(errno));
    while (getline(&line, &room, log) > 0)
        count_line(all, line);
    free(line);
    fclose(log);
    if (all->line_count > 0 && !all->has_marks)
        return fg_fail(FG_EXIT_FAILURE, "%s: no line has counted=; is it the log of faregate run?",
                       all->access_log);
    return FG_EXIT_OK;
}

/* The days of the log, where the command line names none. */
static void range_of_log(reconciliation_t *all)
{
    const char *name;
    json_t *row;
    const char *first = NULL, *last = NULL;

    json_object_foreach(all->rows, name, row)
    {
        const char *day = strrchr(name, ' ') + 1;
        if (!first || strcmp(day, first) < 0)
            first = day;
        if (!last || strcmp(day, last) > 0)
            last = day;
    }
    if (!all->from && first)
        all->from = fg_text("%s", first);
    if (!all->to && last)
        all->to = fg_text("%s", last);
}

/* ---- the ledger ---- */

static int64_t day_number(const char *text)
{
    int year = 0, month = 0, day = 0;

    sscanf(text, "%d-%d-%d", &year, &month, &day);
    return fg_day_from_civil(year, month, day);
}

static void count_days(reconciliation_t *all, const char *plan, const char *key, const json_t *days)
{
    size_t i;
    json_t *pair;
    int year, month, day;

    json_array_foreach(days, i, pair)
    {
        int64_t used = json_integer_value(json_array_get(pair, 0));
        fg_civil_from_day(day_number(all->from) + (int64_t)i, &year, &month, &day);
        if (used != 0)
            count(all, plan, key, fg_text("%04d-%02d-%02d", year, month, day), SOURCE_LEDGER, used);
    }
}

static int ask_ledger(reconciliation_t *all, const char *plan)
{
    const char *position = NULL, *key;
    json_t *answer, *days;

    do {
        fg_ask_t ask = {"GET", fg_ask_path("/usageplans/{}/usage", plan), FG_STR(""), FG_STR_NONE};
        fg_ask_query(&ask, "startDate", all->from);
        fg_ask_query(&ask, "endDate", all->to);
        fg_ask_query(&ask, "limit", "500");
        fg_ask_query(&ask, "position", position);
        int code = fg_ask(&all->whom, &ask, &answer);
        if (code != FG_EXIT_OK)
            return code;
        json_object_foreach(json_object_get(answer, "values"), key, days)
            count_days(all, plan, key, days);
        fg_str_t next = fg_json_str(json_object_get(answer, "position"));
        position = next.at ? fg_text_of(next) : NULL;
        json_decref(answer);
    } while (position);
    return FG_EXIT_OK;
}

/* Plans that were used without a line in the log must be found as well. */
static int find_plans(reconciliation_t *all)
{
    const char *position = NULL;
    json_t *answer, *item;
    size_t i;

    do {
        fg_ask_t ask = {"GET", FG_STR("/usageplans"), FG_STR(""), FG_STR_NONE};
        fg_ask_query(&ask, "limit", "500");
        fg_ask_query(&ask, "position", position);
        int code = fg_ask(&all->whom, &ask, &answer);
        if (code != FG_EXIT_OK)
            return code;
        json_array_foreach(json_object_get(answer, "item"), i, item) json_object_set_new(
            all->plans, fg_text_of(fg_json_str(json_object_get(item, "id"))), json_true());
        fg_str_t next = fg_json_str(json_object_get(answer, "position"));
        position = next.at ? fg_text_of(next) : NULL;
        json_decref(answer);
    } while (position);
    return FG_EXIT_OK;
}

static int read_ledger(reconciliation_t *all)
{
    const char *plan;
    json_t *is_there;
    int code = FG_EXIT_OK;

    if (!all->from || !all->to)
        return fg_fail(FG_EXIT_FAILURE, "the log counts nothing: name --from and --to");
    if (all->plan)
        json_object_set_new(all->plans, all->plan, json_true());
    else
        code = find_plans(all);
    json_object_foreach(all->plans, plan, is_there)
    {
        if (code == FG_EXIT_OK)
            code = ask_ledger(all, plan);
    }
    return code;
}

/* ---- the export ---- */

static void count_record(reconciliation_t *all, const json_t *record)
{
    int year, month, day;
    int64_t used;
    int64_t at = day_number(fg_text_of(fg_json_str(json_object_get(record, "periodStart"))));
    const char *plan = fg_text_of(fg_json_str(json_object_get(record, "usagePlanId")));
    const char *key = fg_text_of(fg_json_str(json_object_get(record, "keyId")));

    for (fg_str_t rest = fg_json_str(json_object_get(record, "days")); rest.at; at++) {
        if (!fg_str_to_i64(fg_str_cut(&rest, ';'), &used) || used == 0)
            continue;
        fg_civil_from_day(at, &year, &month, &day);
        count(all, plan, key, fg_text("%04d-%02d-%02d", year, month, day), SOURCE_EXPORT, used);
    }
}

static int read_export(reconciliation_t *all)
{
    uint8_t key[FG_PUBLIC_KEY_BYTES];
    size_t i;
    json_t *record;

    if (!all->export)
        return FG_EXIT_OK;
    if (!fg_public_key_read(all->public_key, key))
        return FG_EXIT_FAILURE;
    FG_JSON_SCOPED *records = fg_records_read(all->export);
    if (!records || !fg_records_hold(records, key))
        return FG_EXIT_FAILURE;
    json_array_foreach(records, i, record)
    {
        if (fg_str_is(fg_json_str(json_object_get(record, "type")), "usage"))
            count_record(all, record);
    }
    return FG_EXIT_OK;
}

/* ---- the verdict ---- */

static int64_t cell(const json_t *row, source_t source)
{
    return (int64_t)json_integer_value(json_array_get(row, source));
}

static bool agrees(const reconciliation_t *all, const json_t *row)
{
    return cell(row, SOURCE_LOG) == cell(row, SOURCE_LEDGER) &&
           (!all->export || cell(row, SOURCE_LOG) == cell(row, SOURCE_EXPORT));
}

static void print_row(const reconciliation_t *all, const char *name, const json_t *row)
{
    if (all->is_json)
        return;
    printf("%-34s %12" PRId64 " %12" PRId64 " ", name, cell(row, SOURCE_LOG),
           cell(row, SOURCE_LEDGER));
    if (all->export)
        printf("%12" PRId64 " ", cell(row, SOURCE_EXPORT));
    printf("%s\n", agrees(all, row) ? "agrees" : "DIFFERS");
}

static int judge(const reconciliation_t *all)
{
    const char *name;
    json_t *row;
    size_t differing = 0;
    int64_t sums[SOURCE_COUNT] = {0};
    FG_JSON_SCOPED *different = json_object();

    if (!all->is_json)
        printf("%-34s %12s %12s %s\n", "PLAN   KEY        DAY", "LOG", "LEDGER",
               all->export ? "      EXPORT" : "");
    json_object_foreach(all->rows, name, row)
    {
        for (int i = 0; i < SOURCE_COUNT; i++)
            sums[i] += cell(row, (source_t)i);
        if (all->is_all || !agrees(all, row))
            print_row(all, name, row);
        if (!agrees(all, row)) {
            json_object_set(different, name, row);
            differing++;
        }
    }
    if (all->is_json) {
        FG_JSON_SCOPED *answer = json_pack(
            "{s:I, s:I, s:I, s:I, s:O}", "rows", (json_int_t)json_object_size(all->rows), "log",
            (json_int_t)sums[SOURCE_LOG], "ledger", (json_int_t)sums[SOURCE_LEDGER], "export",
            (json_int_t)sums[SOURCE_EXPORT], "different", different);
        printf("%s\n", fg_text_of(fg_json_render(answer, fg_cli_arena())));
    } else {
        printf("%zu rows, %" PRId64 " requests in the log, %" PRId64 " in the ledger: %s\n",
               json_object_size(all->rows), sums[SOURCE_LOG], sums[SOURCE_LEDGER],
               differing ? fg_text("%zu rows differ", differing) : "all agree");
    }
    return differing ? FG_EXIT_FAILURE : FG_EXIT_OK;
}

static bool parse(reconciliation_t *all, int argc, char **argv, int *ret_code)
{
    const fg_flag_t flags[] = {
        {"--access-log", "FILE", "of faregate run (needed)", &all->access_log},
        {"--plan", "ID", "this plan alone", &all->plan},
        {"--from", "DAY", "2026-01-01, the first day; that of the log", &all->from},
        {"--to", "DAY", "the last day; that of the log", &all->to},
        {"--export", "FILE", "compare closed periods as well", &all->export},
        {"--public-key", "FILE", "that the export is checked with", &all->public_key},
        {"--all", NULL, "print rows that agree, too", &all->is_all},
        {"--json", NULL, "one JSON document", &all->is_json},
        FG_ASK_FLAGS(&all->whom),
    };
    const fg_flags_t table = {"reconcile", "count a log again and compare", flags,
                              FG_COUNT_OF(flags)};

    if (!fg_flags_parse(&table, argc, argv, ret_code))
        return false;
    *ret_code = FG_EXIT_USAGE;
    if (!all->access_log)
        fg_say("reconcile: --access-log is needed");
    else if (!all->export != !all->public_key)
        fg_say("reconcile: --export and --public-key go together");
    else
        return true;
    return false;
}

int fg_reconcile_command(int argc, char **argv)
{
    reconciliation_t all = {.plan = NULL};
    int code;

    if (!parse(&all, argc, argv, &code))
        return code;
    all.rows = json_object();
    all.plans = json_object();
    code = read_log(&all);
    range_of_log(&all);
    if (code == FG_EXIT_OK)
        code = read_ledger(&all);
    if (code == FG_EXIT_OK)
        code = read_export(&all);
    if (code == FG_EXIT_OK)
        code = judge(&all);
    json_decref(all.rows);
    json_decref(all.plans);
    return code;
}
