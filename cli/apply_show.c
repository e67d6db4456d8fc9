#include "apply_show.h"

#include "output.h"
#include "printable.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { VALUE_CHARACTERS_MAX = 48 };

static const struct {
    char mark;
    const char *colour;
} looks[FG_STEP_KIND_COUNT] = {
    [FG_STEP_NONE] = {'=', ""},
    [FG_STEP_CREATE] = {'+', "\033[32m"},
    [FG_STEP_CHANGE] = {'~', "\033[33m"},
    [FG_STEP_DELETE] = {'-', "\033[31m"},
};

static const char *const states[] = {"todo", "begun", "done", "failed"};

static bool has_colours(void)
{
    return isatty(STDOUT_FILENO) && !getenv("NO_COLOR");
}

static bool is_meant(const fg_step_t *step, bool with_deletions)
{
    return step->kind != FG_STEP_DELETE || with_deletions;
}

/* A value as JSON, long ones cut. */
static const char *value_text(const json_t *value)
{
    const char *text = fg_printable(fg_text_of(fg_json_render(value, fg_cli_arena())));
    size_t len = strlen(text), end = VALUE_CHARACTERS_MAX;

    if (len <= VALUE_CHARACTERS_MAX)
        return text;
    while (((unsigned char)text[end] & 0xc0) == 0x80) /* not within a character */
        end--;
    return fg_text("%.*s...", (int)end, text);
}

/* An entry that is there or not, as a key's plan, is only true. */
static void print_change(const json_t *change, bool is_creation)
{
    const json_t *old = json_object_get(change, "old"), *new = json_object_get(change, "new");
    const char *path = fg_printable(fg_entry_text(change, "path"));

    if (is_creation)
        printf("%s %s", path, value_text(new));
    else if (json_is_null(old) && json_is_true(new))
        printf("%s: added", path);
    else if (json_is_true(old) && json_is_null(new))
        printf("%s: taken away", path);
    else if (json_is_null(old))
        printf("%s: none -> %s", path, value_text(new));
    else
        printf("%s: %s -> %s", path, value_text(old), json_is_null(new) ? "none" : value_text(new));
}

static void print_step(const fg_step_t *step)
{
    size_t i;
    json_t *change;

    printf("%c %-7s %s", looks[step->kind].mark, fg_config_noun_text(step->noun),
           fg_printable(step->name));
    json_array_foreach(step->changes, i, change)
    {
        fputs(i == 0 ? "  " : "; ", stdout);
        print_change(change, step->kind == FG_STEP_CREATE);
    }
}

void fg_steps_print(const fg_steps_t *steps, bool with_deletions)
{
    bool is_coloured = has_colours();

    for (size_t i = 0; i < steps->count; i++) {
        const fg_step_t *step = &steps->list[i];
        if (step->kind == FG_STEP_NONE || !is_meant(step, with_deletions))
            continue;
        fputs(is_coloured ? looks[step->kind].colour : "", stdout);
        print_step(step);
        puts(is_coloured ? "\033[0m" : "");
    }
    printf("= %zu to create, %zu to change, %zu to delete, %zu unchanged\n",
           steps->count_of[FG_STEP_CREATE], steps->count_of[FG_STEP_CHANGE],
           with_deletions ? steps->count_of[FG_STEP_DELETE] : 0, steps->count_of[FG_STEP_NONE]);
    if (!with_deletions && steps->count_of[FG_STEP_DELETE] > 0)
        fg_say("things made from this file are not in it any more; --prune deletes them");
}

static const char *end_text(const fg_step_t *step)
{
    switch (step->state) {
    case FG_STEP_DONE:
        return fg_step_done_text(step->kind);
    case FG_STEP_FAILED:
        return "failed";
    case FG_STEP_BEGUN:
        return "begun";
    case FG_STEP_TODO:
        break;
    }
    return "not done";
}

void fg_steps_print_end(const fg_steps_t *steps, bool with_deletions, const char *problem)
{
    size_t done = 0, left = 0;

    for (size_t i = 0; i < steps->count; i++) {
        const fg_step_t *step = &steps->list[i];
        if (step->kind == FG_STEP_NONE || !is_meant(step, with_deletions))
            continue;
        done += step->state == FG_STEP_DONE;
        left += step->state != FG_STEP_DONE;
        if (problem)
            printf("%-9s %-7s %s\n", end_text(step), fg_config_noun_text(step->noun),
                   fg_printable(step->name));
    }
    printf("%zu done, %zu not done\n", done, left);
}

static json_t *step_json(const fg_step_t *step)
{
    return json_pack("{s:s, s:s, s:s, s:O, s:s}", "action", fg_step_kind_text(step->kind), "kind",
                     fg_config_noun_text(step->noun), "name", step->name, "changes", step->changes,
                     "state", step->kind == FG_STEP_NONE ? "unchanged" : states[step->state]);
}

void fg_steps_print_json(const fg_steps_t *steps, bool with_deletions, const char *problem)
{
    FG_JSON_SCOPED *summary = json_object();
    FG_JSON_SCOPED *list = json_array();

    for (size_t i = 0; i < steps->count; i++) {
        if (is_meant(&steps->list[i], with_deletions))
            json_array_append_new(list, step_json(&steps->list[i]));
    }
    for (int kind = 0; kind < FG_STEP_KIND_COUNT; kind++) {
        bool is_none = kind == FG_STEP_DELETE && !with_deletions;
        json_object_set_new(summary, fg_step_kind_text((fg_step_kind_t)kind),
                            json_integer(is_none ? 0 : (json_int_t)steps->count_of[kind]));
    }
    FG_JSON_SCOPED *all =
        json_pack("{s:O, s:O, s:s*}", "steps", list, "summary", summary, "problem", problem);
    fg_output_print(all, "json", "");
}
