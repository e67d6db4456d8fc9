/*
 * backup - `faregate backup`, `verify` and `restore`: carried out by faregated, which alone opens stores.
 * Exit codes are its own: 0 when it is done and all is well, else 1.
 */
#include "flags.h"
#include "places.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

enum { WORDS_MAX = 16 };

typedef struct words {
    const char *word[WORDS_MAX];
    size_t count;
} words_t;

static void add(words_t *words, const char *name, const char *value)
{
    FG_ASSERT(words->count + 3 < WORDS_MAX);
    words->word[words->count++] = name;
    words->word[words->count++] = value;
}

/* Does not come back when it goes well. */
static int become(const char *command, words_t *words)
{
    union {
        const char **in;
        char **out;
    } arguments = {words->word};
    const char *program = fg_place_faregated();

    if (!program)
        return fg_fail(FG_EXIT_FAILURE, "%s: faregated is not beside this program", command);
    words->word[0] = program;
    fflush(stdout);
    execv(program, arguments.out);
    return fg_fail(FG_EXIT_FAILURE, "%s: %s: %s", command, program, strerror(errno));
}

/* The one word that is no option: argv[0]; NULL when there is none. */
static const char *take_file(int *argc, char ***argv)
{
    if (*argc == 0 || (*argv)[0][0] == '-')
        return NULL;
    ++*argv;
    --*argc;
    return (*argv)[-1];
}

int fg_backup_command(int argc, char **argv)
{
    const char *data_dir = NULL;
    const fg_flag_t flags[] = {
        {"--data-dir", "DIR", "FAREGATE_DATA_DIR, ./run or /var/lib/faregate", &data_dir}};
    const fg_flags_t table = {"backup FILE", "copy an installation, in use or not, into one file",
                              flags, FG_COUNT_OF(flags)};
    words_t words = {.count = 1};
    const char *file = take_file(&argc, &argv);
    int code;

    if (!fg_flags_parse(&table, argc, argv, &code))
        return code;
    if (!file)
        return fg_fail(FG_EXIT_USAGE, "backup: a FILE to write is needed");
    add(&words, "--backup", file);
    add(&words, "--data-dir", fg_place_data_dir(data_dir));
    return become("backup", &words);
}

int fg_verify_command(int argc, char **argv)
{
    const char *data_dir = NULL;
    const fg_flag_t flags[] = {
        {"--data-dir", "DIR", "check this directory in place of a FILE", &data_dir}};
    const fg_flags_t table = {"verify [FILE]", "check a backup, or a data directory", flags,
                              FG_COUNT_OF(flags)};
    words_t words = {.count = 1};
    const char *file = take_file(&argc, &argv);
    int code;

    if (!fg_flags_parse(&table, argc, argv, &code))
        return code;
    if (file && data_dir)
        return fg_fail(FG_EXIT_USAGE, "verify: a FILE or --data-dir, not both");
    add(&words, "--verify", file ? file : fg_place_data_dir(data_dir));
    return become("verify", &words);
}

int fg_restore_command(int argc, char **argv)
{
    const char *data_dir = NULL, *force = NULL, *forget_usage = NULL;
    const fg_flag_t flags[] = {
        {"--data-dir", "DIR", "of a node that does not run (needed)", &data_dir},
        {"--force", NULL, "put aside what stands there", &force},
        {"--forget-usage", NULL, "although what was spent since the backup is not known",
         &forget_usage},
    };
    const fg_flags_t table = {"restore FILE", "put a backup back", flags, FG_COUNT_OF(flags)};
    words_t words = {.count = 1};
    const char *file = take_file(&argc, &argv);
    int code;

    if (!fg_flags_parse(&table, argc, argv, &code))
        return code;
    if (!file || !data_dir)
        return fg_fail(FG_EXIT_USAGE, "restore: a FILE and --data-dir are needed");
    add(&words, "--restore", file);
    add(&words, "--data-dir", data_dir);
    if (force)
        add(&words, "--force", "yes");
    if (forget_usage)
        add(&words, "--forget-usage", "yes");
    return become("restore", &words);
}
