/*
 * apply - `faregate apply`: make an installation what a file describes, after showing what that
 * takes. Exit codes: 0 done or nothing to do, 1 not done or stopped in the middle, 2 wrong usage or a
 * file with problems, 3 a dry run found differences, 254 and 255 when the installation could not be
 * read.
 */
#include "apply_check.h"
#include "apply_run.h"
#include "apply_show.h"
#include "flags.h"
#include "printable.h"

#include <stdio.h>
#include <strings.h>
#include <unistd.h>

enum { EXIT_DIFFERENT = 3, PROGRESS_STEPS = 20 };

typedef struct apply {
    fg_wishes_t wishes;
    const char *file, *dry_run, *yes, *prune, *json;
    fg_caller_t caller;
    fg_installation_t installation;
    fg_steps_t steps;
    json_t *config;
} apply_t;

static volatile sig_atomic_t is_interrupted;

/* The call that runs ends; then it is told what is done and what is not. Rule AP9. */
static void on_interrupt(int signal_number)
{
    (void)signal_number;
    is_interrupted = 1;
}

static int say_problems(const apply_t *apply, const json_t *problems)
{
    size_t i;
    json_t *text;

    json_array_foreach(problems, i, text)
        fg_say("%s: %s", apply->file, fg_printable(json_string_value(text)));
    return fg_fail(FG_EXIT_USAGE, "apply: %zu problem%s; nothing is changed",
                   json_array_size(problems), json_array_size(problems) == 1 ? "" : "s");
}

/* ---- comparing ---- */

static bool has_values(const json_t *config)
{
    const char *name;
    json_t *key;

    json_object_foreach(json_object_get(config, "keys"), name, key)
    {
        if (json_object_get(key, "value"))
            return true;
    }
    return false;
}

static int read_installation(apply_t *apply)
{
    FG_JSON_SCOPED *apis = fg_steps_apis(apply->config);
    const fg_installation_wishes_t wishes = {
        .apis = apis,
        .keys = json_object_get(apply->config, "keys"),
        .owner = apply->prune ? fg_entry_text(apply->config, "name") : NULL,
        .with_values = has_values(apply->config),
    };

    if (!fg_caller_open(&apply->wishes, &apply->caller) ||
        !fg_installation_read(&apply->caller, &wishes, &apply->installation))
        return fg_fail(apply->caller.code, "apply: %s", apply->caller.problem);
    if (apply->installation.are_values_withheld)
        fg_say("this installation keeps hashes of key values: those of keys that are there are not "
               "compared");
    return FG_EXIT_OK;
}

/* Everything that can be known before the first change. */
static int prepare(apply_t *apply)
{
    FG_JSON_SCOPED *problems = json_array();

    apply->config = fg_config_read_file(apply->file, problems);
    if (!apply->config)
        return say_problems(apply, problems);
    if (apply->prune && !json_object_get(apply->config, "name"))
        return fg_fail(
            FG_EXIT_USAGE,
            "apply: --prune needs a name: in the file, which tells what was made from it");
    int code = read_installation(apply);
    if (code != FG_EXIT_OK)
        return code;
    fg_steps_make(apply->config, &apply->installation, &apply->steps, problems);
    fg_apply_check(apply->config, &apply->installation, &apply->steps, apply->prune != NULL,
                   problems);
    return json_array_size(problems) > 0 ? say_problems(apply, problems) : FG_EXIT_OK;
}

/* ---- asking and doing ---- */

static bool ask(const char *question)
{
    char line[16];

    fprintf(stderr, "%s (y/N) ", question);
    fflush(stderr);
    return fgets(line, sizeof(line), stdin) &&
           (strcasecmp(line, "y\n") == 0 || strcasecmp(line, "yes\n") == 0);
}

/* Rule AP7: deletions are asked for by themselves. */
static void ask_both(const apply_t *apply, fg_apply_run_t *run)
{
    const size_t *count_of = apply->steps.count_of;
    size_t changes = count_of[FG_STEP_CREATE] + count_of[FG_STEP_CHANGE];
    size_t deletions = apply->prune ? count_of[FG_STEP_DELETE] : 0;

    run->with_changes = changes > 0 && (apply->yes || ask("Make these changes?"));
    if (changes > 0 && !run->with_changes)
        return;
    run->with_deletions =
        deletions > 0 &&
        (apply->yes || ask(fg_text("Delete the %zu marked with a minus?", deletions)));
}

static void show_progress(const fg_apply_run_t *run)
{
    if (isatty(STDERR_FILENO) && run->done % PROGRESS_STEPS == 0)
        fprintf(stderr, "\r%zu done ", run->done);
}

static void say_warnings(const json_t *warnings)
{
    size_t i;
    json_t *text;

    json_array_foreach(warnings, i, text)
        fg_say("warning: %s", fg_printable(json_string_value(text)));
}

static int run_steps(apply_t *apply)
{
    FG_JSON_SCOPED *warnings = json_array();
    fg_apply_run_t run = {
        .caller = &apply->caller,
        .config = apply->config,
        .installation = &apply->installation,
        .steps = &apply->steps,
        .is_interrupted = &is_interrupted,
        .on_step = show_progress,
        .warnings = warnings,
    };

    ask_both(apply, &run);
    if (!run.with_changes && !run.with_deletions)
        return fg_fail(FG_EXIT_FAILURE, "apply: nothing is changed");
    sigaction(SIGINT, &(struct sigaction){.sa_handler = on_interrupt}, NULL);
    bool is_done = fg_apply_run(&run);
    const char *problem = is_done ? NULL : apply->caller.problem;
    say_warnings(warnings);
    if (apply->json)
        fg_steps_print_json(&apply->steps, run.with_deletions, problem);
    else
        fg_steps_print_end(&apply->steps, run.with_deletions, problem);
    if (problem)
        return fg_fail(FG_EXIT_FAILURE,
                       "apply: stopped in the middle: %s; run it again to do the rest", problem);
    return FG_EXIT_OK;
}

static int apply_file(apply_t *apply)
{
    int code = prepare(apply);
    bool with_deletions = apply->prune != NULL;
    const size_t *count_of = apply->steps.count_of;

    if (code != FG_EXIT_OK)
        return code;
    bool is_different = count_of[FG_STEP_CREATE] + count_of[FG_STEP_CHANGE] > 0 ||
                        (with_deletions && count_of[FG_STEP_DELETE] > 0);
    bool is_last_word = !is_different || apply->dry_run || !apply->yes;
    if (!apply->json)
        fg_steps_print(&apply->steps, with_deletions);
    else if (is_last_word)
        fg_steps_print_json(&apply->steps, with_deletions, NULL);
    if (!is_different)
        return FG_EXIT_OK;
    if (apply->dry_run)
        return EXIT_DIFFERENT;
    if (!apply->yes && (apply->json || !isatty(STDIN_FILENO)))
        return fg_fail(FG_EXIT_USAGE,
                       "apply: without a terminal to ask on, give --yes or --dry-run");
    fflush(stdout);
    return run_steps(apply);
}

int fg_apply_command(int argc, char **argv)
{
    apply_t apply = {.file = argc > 0 && argv[0][0] != '-' ? argv[0] : NULL};
    const fg_flag_t flags[] = {
        FG_ASK_FLAGS(&apply.wishes),
        {"--dry-run", NULL, "show what would be done; code 3 when something would", &apply.dry_run},
        {"--yes", NULL, "do it without asking", &apply.yes},
        {"--prune", NULL, "delete what was made from this file and is not in it", &apply.prune},
        {"--json", NULL, "the steps as JSON", &apply.json},
    };
    const fg_flags_t table = {"apply FILE", "make the installation what a file describes", flags,
                              FG_COUNT_OF(flags)};
    int skip = apply.file != NULL, code;

    if (!fg_flags_parse(&table, argc - skip, argv + skip, &code))
        return code;
    if (!apply.file)
        return fg_fail(FG_EXIT_USAGE, "apply: FILE is needed (see faregate apply --help)");
    if (apply.dry_run && apply.yes)
        return fg_fail(FG_EXIT_USAGE, "apply: --dry-run and --yes exclude each other");
    code = apply_file(&apply);
    fg_steps_release(&apply.steps);
    fg_installation_release(&apply.installation);
    json_decref(apply.config);
    return code;
}
