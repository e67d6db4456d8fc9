/*
 * import - `faregate import FILE`: API keys from a CSV file of any size, in parts that are each one
 * transaction. The server keeps how far a file is done, by the hash of its content, so that the same
 * command goes on after any end. Rules IM9, IM10.
 */
#include "ask.h"
#include "base/crypto.h"
#include "base/limits.h"
#include "caller.h"
#include "flags.h"
#include "printable.h"
#include "rows.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    ROWS_PER_PART = 50000,
    ROWS_PER_PART_MAX = 200000,
    REMARKS_SHOWN = 20,
    ID_BYTES = 16, /* of the hash */
    LINE_EVERY_S = 5,
};

typedef struct import {
    fg_wishes_t wishes;
    const char *plans, *dry_run, *fail_on_warnings, *report, *batch, *restart, *json;
    const char *path;
    int64_t rows_per_part;
    fg_str_t text, header; /* of the file; of its first row, line end included */
    char id[2 * ID_BYTES + 1];
    bool is_check; /* this pass changes nothing */
    size_t done;   /* bytes of the file */
    int64_t rows, made, replaced, refused, warned, rows_before;
    FILE *report_file;
    size_t remarks_shown;
    double began_s, said_s;
} import_t;

static double now_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* ---- the file ---- */

/* Standard input is kept in a file without a name, so that its hash is known before its rows go. */
static int spool_stdin(void)
{
    static char piece[1 << 16];
    FILE *spool = tmpfile();
    size_t got;

    if (!spool)
        return -1;
    while ((got = fread(piece, 1, sizeof(piece), stdin)) > 0) {
        if (fwrite(piece, 1, got, spool) != got)
            return -1;
    }
    return ferror(stdin) || fflush(spool) != 0 ? -1 : fileno(spool);
}

static int open_file(import_t *import)
{
    struct stat about;
    int fd =
        strcmp(import->path, "-") == 0 ? spool_stdin() : open(import->path, O_RDONLY | O_CLOEXEC);

    if (fd < 0 || fstat(fd, &about) != 0)
        return fg_fail(FG_EXIT_FAILURE, "import: %s: %s", import->path, strerror(errno));
    if (!S_ISREG(about.st_mode))
        return fg_fail(FG_EXIT_FAILURE, "import: %s is no file; '-' reads standard input",
                       import->path);
    if (about.st_size == 0)
        return fg_fail(FG_EXIT_FAILURE, "import: %s is empty", import->path);
    void *bytes = mmap(NULL, (size_t)about.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (bytes == MAP_FAILED)
        return fg_fail(FG_EXIT_FAILURE, "import: %s: %s", import->path, strerror(errno));
    import->text = fg_str_of(bytes, (size_t)about.st_size);
    return FG_EXIT_OK;
}

/* One import is one content, with the plans that its keys join. */
static void name_import(import_t *import)
{
    uint8_t hash[FG_SHA256_BYTES];

    fg_sha256(import->text.at, import->text.len, hash);
    const char *plans = import->plans ? import->plans : "";
    fg_str_t text = fg_str(fg_text("%.*s", (int)strlen(plans), plans));
    for (size_t i = 0; i < FG_SHA256_BYTES && i < text.len; i++)
        hash[i % ID_BYTES] ^= (uint8_t)text.at[i];
    for (size_t i = 0; i < ID_BYTES; i++)
        snprintf(import->id + 2 * i, 3, "%02x", hash[i]);
}

/* ---- progress ---- */

static void say_progress(import_t *import, bool is_end)
{
    double now = now_s(), took_s = now - import->began_s;
    double rate = took_s > 0 ? (double)(import->rows - import->rows_before) / took_s : 0;
    double part = (double)import->done / (double)import->text.len;
    const char *doing = import->is_check ? "checked" : "imported";

    if (isatty(STDERR_FILENO)) {
        double left_s = part > 0 ? took_s * (1 - part) / part : 0;
        fprintf(stderr, "\r%s %" PRId64 " rows  %3.0f %%  %.0f rows/s  %d:%02d left   ", doing,
                import->rows, part * 100, rate, (int)left_s / 60, (int)left_s % 60);
        if (is_end)
            fputc('\n', stderr);
    } else if (!is_end && now - import->said_s >= LINE_EVERY_S) {
        fg_say("%s %" PRId64 " rows, %.0f %%, %.0f rows/s", doing, import->rows, part * 100, rate);
        import->said_s = now;
    }
}

/* Lines "row,outcome,id,remark" go to the report; the first remarks are shown as well. */
static void take_report(import_t *import, fg_str_t report)
{
    if (import->report_file)
        fwrite(report.at, 1, report.len, import->report_file);
    while (report.len > 0) {
        fg_str_t line = fg_str_cut(&report, '\n');
        if (line.len == 0 || line.at[line.len - 1] != '"')
            continue; /* no remark */
        if (import->remarks_shown++ < REMARKS_SHOWN)
            fg_say("row %s", fg_printable(fg_text_of(line)));
        else if (import->remarks_shown == REMARKS_SHOWN + 1 && !import->report_file)
            fg_say("... and more: --report FILE keeps them all");
    }
}

/* ---- the parts ---- */

static int64_t number_at(const json_t *answer, const char *member)
{
    return json_integer_value(json_object_get(answer, member));
}

static void take_totals(import_t *import, const json_t *answer)
{
    import->rows = number_at(answer, "rowsDone");
    if (import->is_check) { /* the server keeps nothing of a check */
        import->made += number_at(answer, "made");
        import->replaced += number_at(answer, "replaced");
        import->refused += number_at(answer, "refused");
        import->warned += number_at(answer, "warned");
        return;
    }
    import->made = number_at(answer, "made");
    import->replaced = number_at(answer, "replaced");
    import->refused = number_at(answer, "refused");
    import->warned = number_at(answer, "warned");
}

static int send_part(import_t *import, size_t bytes)
{
    FG_JSON_SCOPED *answer = NULL;
    size_t body_bytes = import->header.len + bytes;
    char *body = malloc(body_bytes);
    fg_ask_t ask = {
        .verb = "POST",
        .path = fg_ask_path(
            import->is_check ? "/faregate/imports/{}/check" : "/faregate/imports/{}", import->id),
        .body = fg_str_of(body, body_bytes),
    };

    if (!body)
        return fg_fail(FG_EXIT_ERROR, "out of memory");
    memcpy(body, import->header.at, import->header.len);
    memcpy(body + import->header.len, import->text.at + import->done, bytes);
    /* the first part's begin is the file's */
    bool is_first = import->done == import->header.len;
    fg_ask_query(&ask, "offset", is_first ? "0" : fg_text("%zu", import->done));
    fg_ask_query(&ask, "bytes", fg_text("%zu", is_first ? bytes + import->header.len : bytes));
    fg_ask_query(&ask, "rows", import->is_check ? fg_text("%" PRId64, import->rows) : NULL);
    fg_ask_query(&ask, "plans", import->plans);
    fg_ask_query(&ask, "report", import->report ? "all" : NULL);
    fg_ask_query(&ask, "failonwarnings", import->fail_on_warnings ? "true" : NULL);
    int code = fg_ask(&import->wishes, &ask, &answer);
    free(body);
    if (code != FG_EXIT_OK)
        return code;
    import->done += bytes;
    take_totals(import, answer);
    take_report(import, fg_json_str(json_object_get(answer, "report")));
    return FG_EXIT_OK;
}

static int run_pass(import_t *import, bool is_check)
{
    enum { ROOM_BYTES = 64 * 1024 }; /* under the limit of a body */
    int code = FG_EXIT_OK;
    size_t rows;

    import->is_check = is_check;
    import->began_s = import->said_s = now_s();
    import->rows_before = import->rows;
    while (code == FG_EXIT_OK && import->done < import->text.len) {
        fg_str_t rest = fg_str_of(import->text.at + import->done, import->text.len - import->done);
        size_t bytes =
            fg_rows_cut(rest, (size_t)import->rows_per_part,
                        FG_CONTROL_BODY_BYTES_MAX - ROOM_BYTES - import->header.len, &rows);
        code = send_part(import, bytes);
        if (code == FG_EXIT_OK)
            say_progress(import, import->done == import->text.len);
    }
    return code;
}

static void begin_anew(import_t *import)
{
    import->done = import->header.len;
    import->rows = import->made = import->replaced = import->refused = import->warned = 0;
}

/* Where an earlier run of the same file ended; at its begin when there was none. */
static int find_begin(import_t *import)
{
    FG_JSON_SCOPED *answer = NULL;
    fg_caller_t caller;

    begin_anew(import);
    if (import->restart || import->dry_run)
        return FG_EXIT_OK;
    if (!fg_caller_open(&import->wishes, &caller))
        return fg_fail(caller.code, "%s", caller.problem);
    fg_str_t path = fg_ask_path("/faregate/imports/{}", import->id);
    if (!fg_caller_call(&caller, "GET", path.at, "", NULL, &answer))
        return strstr(caller.problem, "(NotFoundException)")
                   ? FG_EXIT_OK
                   : fg_fail(caller.code, "%s", caller.problem);
    import->done = (size_t)number_at(answer, "bytesDone");
    take_totals(import, answer);
    if (import->done < import->text.len)
        fg_say("goes on behind row %" PRId64 ", where an earlier run ended", import->rows);
    else
        fg_say("this file is imported already; --restart does it again");
    return FG_EXIT_OK;
}

/* ---- the whole ---- */

static int open_report(import_t *import)
{
    bool is_new = import->done == import->header.len;

    if (!import->report)
        return FG_EXIT_OK;
    import->report_file = fopen(import->report, is_new ? "w" : "a");
    if (!import->report_file)
        return fg_fail(FG_EXIT_FAILURE, "import: %s: %s", import->report, strerror(errno));
    if (is_new)
        fputs("row,outcome,id,remark\n", import->report_file);
    return FG_EXIT_OK;
}

static int close_report(import_t *import)
{
    if (import->report_file && fclose(import->report_file) != 0)
        return fg_fail(FG_EXIT_FAILURE, "import: %s: %s", import->report, strerror(errno));
    return FG_EXIT_OK;
}

static void print_result(const import_t *import, double took_s)
{
    if (import->json) {
        printf("{\"id\": \"%s\", \"rows\": %" PRId64 ", \"made\": %" PRId64
               ", \"replaced\": %" PRId64 ", \"refused\": %" PRId64 ", \"warned\": %" PRId64
               ", \"dryRun\": %s, \"seconds\": %.3f}\n",
               import->id, import->rows, import->made, import->replaced, import->refused,
               import->warned, import->dry_run ? "true" : "false", took_s);
        return;
    }
    printf("%" PRId64 " rows%s: %" PRId64 " made, %" PRId64 " replaced, %" PRId64
           " refused, %" PRId64 " with a remark; %.1f s\n",
           import->rows, import->dry_run ? " (dry run, nothing is changed)" : "", import->made,
           import->replaced, import->refused, import->warned, took_s);
}

/* With --fail-on-warnings all of the file is checked before any of it is taken. */
static int run(import_t *import)
{
    size_t rows;
    double began_s = now_s();
    int code = open_file(import);

    if (code != FG_EXIT_OK)
        return code;
    name_import(import);
    import->header = fg_str_of(import->text.at, fg_rows_cut(import->text, 1, SIZE_MAX, &rows));
    code = find_begin(import);
    bool is_new = import->done == import->header.len;
    if (code == FG_EXIT_OK)
        code = open_report(import);
    if (code == FG_EXIT_OK && (import->dry_run || (import->fail_on_warnings && is_new)))
        code = run_pass(import, true);
    if (code == FG_EXIT_OK && !import->dry_run) {
        if (import->is_check)
            begin_anew(import);
        code = run_pass(import, false);
    }
    int closed = close_report(import);
    if (code == FG_EXIT_OK)
        code = closed;
    if (code != FG_EXIT_OK)
        return code;
    print_result(import, now_s() - began_s);
    return import->refused ? FG_EXIT_FAILURE : FG_EXIT_OK;
}

int fg_import_command(int argc, char **argv)
{
    import_t import = {.rows_per_part = ROWS_PER_PART};
    const fg_flag_t flags[] = {
        {"--plan", "ID,...", "plans that every key joins", &import.plans},
        {"--dry-run", NULL, "say what would happen, change nothing", &import.dry_run},
        {"--fail-on-warnings", NULL, "take nothing when a row has a remark",
         &import.fail_on_warnings},
        {"--report", "FILE", "a CSV line for each row: outcome, id, remark", &import.report},
        {"--batch", "ROWS", "rows of one transaction; 50000", &import.batch},
        {"--restart", NULL, "from the begin, although an earlier run did a part", &import.restart},
        {"--json", NULL, "the result as JSON", &import.json},
        FG_ASK_FLAGS(&import.wishes),
    };
    const fg_flags_t table = {"import FILE", "API keys from a CSV file of any size", flags,
                              FG_COUNT_OF(flags)};
    int code;
    bool has_file = argc > 0 && (argv[0][0] != '-' || strcmp(argv[0], "-") == 0);

    if (!fg_flags_parse(&table, argc - has_file, argv + has_file, &code))
        return code;
    if (!has_file)
        return fg_fail(FG_EXIT_USAGE, "import: a FILE is needed, '-' for standard input");
    if (!fg_flag_number("--batch", import.batch, 1, ROWS_PER_PART_MAX, &import.rows_per_part))
        return FG_EXIT_USAGE;
    import.path = argv[0];
    return run(&import);
}
