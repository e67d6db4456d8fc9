#include "flags.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

static void print_help(const fg_flags_t *flags)
{
    printf("faregate %s - %s\n\nOptions:\n", flags->command, flags->summary);
    for (size_t i = 0; i < flags->count; i++) {
        const fg_flag_t *flag = &flags->flags[i];
        printf("  %s%s%s\n      %s\n", flag->name, flag->argument ? " " : "",
               flag->argument ? flag->argument : "", flag->help);
    }
}

static const fg_flag_t *find(const fg_flags_t *flags, fg_str_t name)
{
    for (size_t i = 0; i < flags->count; i++) {
        if (fg_str_is(name, flags->flags[i].name))
            return &flags->flags[i];
    }
    return NULL;
}

static bool is_help(fg_str_t word)
{
    return fg_str_is(word, "--help") || fg_str_is(word, "help") || fg_str_is(word, "-h");
}

/* The value of argv[*i], which may be behind its `=` or the next word. NULL when there is none: an
 * option that follows is its own. */
static const char *value_of(const fg_flags_t *flags, const char *behind, int argc, char **argv,
                            int *i)
{
    if (behind)
        return behind;
    if (*i + 1 == argc)
        return NULL;
    fg_str_t next = fg_str(argv[*i + 1]);
    if (find(flags, next) || fg_str_is(next, "--help"))
        return NULL;
    return argv[++*i];
}

bool fg_flags_parse(const fg_flags_t *flags, int argc, char **argv, int *ret_code)
{
    for (int i = 0; i < argc; i++) {
        fg_str_t rest = fg_str(argv[i]);
        fg_str_t name = fg_str_cut(&rest, '=');
        const fg_flag_t *flag = find(flags, name);

        if (is_help(name)) {
            print_help(flags);
            *ret_code = FG_EXIT_OK;
            return false;
        }
        if (!flag || (!flag->argument && rest.at)) {
            *ret_code = fg_fail(FG_EXIT_USAGE, "%s: unknown option '%s' (see faregate %s --help)",
                                flags->command, argv[i], flags->command);
            return false;
        }
        *flag->value = flag->argument ? value_of(flags, rest.at, argc, argv, &i) : "";
        if (!*flag->value) {
            *ret_code = fg_fail(FG_EXIT_USAGE, "%s: %s expects %s", flags->command, flag->name,
                                flag->argument);
            return false;
        }
    }
    return true;
}

bool fg_flag_number(const char *name, const char *text, int64_t low, int64_t high,
                    int64_t *ret_number)
{
    int64_t number;

    if (!text)
        return true;
    if (!fg_str_to_i64(fg_str(text), &number) || number < low || number > high) {
        fg_say("%s must be a number from %" PRId64 " to %" PRId64 ", not '%s'", name, low, high,
               text);
        return false;
    }
    *ret_number = number;
    return true;
}

static bool read_duration(const char *name, const char *text, int64_t *ret_seconds)
{
    static const struct {
        char letter;
        int64_t seconds;
    } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
    enum { UNITS_MAX = 1000000 };
    int64_t number, unit = 1;

    if (!text)
        return true;
    fg_str_t digits = fg_str(text);
    for (size_t i = 0; i < FG_COUNT_OF(units) && digits.len; i++) {
        if (digits.at[digits.len - 1] == units[i].letter) {
            unit = units[i].seconds;
            digits.len--;
            break;
        }
    }
    if (!fg_str_to_i64(digits, &number) || number < 1 || (unit > 1 && number > UNITS_MAX)) {
        fg_say("%s must be a length of time such as 90s, 30m, 1h or 7d, not '%s'", name, text);
        return false;
    }
    *ret_seconds = number * unit;
    return true;
}

bool fg_flag_since(const char *text, int64_t default_s, const char **from)
{
    int64_t back_s = default_s;

    if (!read_duration("--since", text, &back_s))
        return false;
    if (!*from)
        *from = fg_text("%" PRId64, (int64_t)time(NULL) - back_s);
    return true;
}
