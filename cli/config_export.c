/*
 * Rule AP10: names are what a file goes by, so what has none, or shares one, cannot be written;
 * that is said rather than left out. What a file cannot say (a canary) is left out, and said too.
 */
#include "config_export.h"

#include "base/yaml.h"
#include "config_schema.h"
#include "flags.h"
#include "installation.h"
#include "printable.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct wishes {
    fg_wishes_t whom;
    const char *output, *with_values, *without_keys, *json;
} wishes_t;

/* ---- what cannot be written ---- */

static void check_names(const fg_installation_t *installation, fg_config_noun_t noun,
                        json_t *problems)
{
    size_t i;
    json_t *entry;
    FG_JSON_SCOPED *told = json_object();

    json_array_foreach(installation->every[noun], i, entry)
    {
        const char *name = fg_entry_text(entry, "name");
        const char *place = fg_text("%s '%s'", fg_config_noun_text(noun), name);
        const char *ids = fg_installation_namesakes(installation, noun, name);
        if (!*name)
            fg_config_problem(
                problems, fg_text("%s %s", fg_config_noun_text(noun), fg_entry_text(entry, "id")),
                "has no name");
        else if (ids && !json_object_get(told, name))
            fg_config_problem(problems, place, "there are several of that name: %s", ids);
        json_object_set_new(told, name, json_true());
    }
}

/* ---- the document ---- */

/* "name" first, then what is not as by default. New reference. */
static json_t *tell(fg_config_noun_t noun, const json_t *entry)
{
    FG_JSON_SCOPED *told = fg_config_told(noun, json_object_get(entry, "members"));
    json_t *object = json_pack("{s:O}", "name", json_object_get(entry, "name"));

    json_object_update(object, told);
    return object;
}

static json_t *tell_stages(const json_t *api)
{
    json_t *list = json_array(), *stage;
    const char *name;

    json_object_foreach(json_object_get(api, "stages"), name, stage)
    {
        json_t *object = tell(FG_CONFIG_STAGE, stage);
        if (!json_is_true(json_object_get(stage, "isCurrent")))
            json_object_set_new(object, "deploy", json_false()); /* Rule AP6 */
        if (json_object_get(stage, "hasCanary"))
            fg_say("export: the canary of stage %s is not written",
                   fg_config_stage_name(fg_entry_text(api, "name"), name));
        json_array_append_new(list, object);
    }
    return list;
}

static json_t *tell_api(const json_t *entry)
{
    json_t *object = tell(FG_CONFIG_API, entry);
    FG_JSON_SCOPED *stages = tell_stages(entry);

    if (json_array_size(stages) > 0)
        json_object_set(object, "stages", stages);
    json_object_set(object, "definition", json_object_get(entry, "definition"));
    return object;
}

static json_t *tell_plan(const json_t *entry)
{
    json_t *object = tell(FG_CONFIG_PLAN, entry);
    json_t *stages = json_object_get(object, "apiStages"), *item;
    FG_JSON_SCOPED *list = json_array();
    const char *name, *stage;

    json_object_foreach(stages, name, item)
    {
        const char *api = fg_config_stage_cut(name, &stage);
        json_t *throttle = json_object_get(item, "throttle");
        json_t *told = json_pack("{s:s, s:s}", "api", api, "stage", stage);
        if (json_object_size(throttle) > 0)
            json_object_set(told, "throttle", throttle);
        json_array_append_new(list, told);
    }
    if (stages)
        json_object_set(object, "apiStages", list);
    return object;
}

static json_t *tell_key(const json_t *entry)
{
    json_t *object = tell(FG_CONFIG_KEY, entry);
    json_t *plans = json_object_get(object, "plans"), *ignored;
    FG_JSON_SCOPED *list = json_array();
    const char *name;

    json_object_foreach(plans, name, ignored) json_array_append_new(list, json_string(name));
    if (plans)
        json_object_set(object, "plans", list);
    if (json_object_get(entry, "value"))
        json_object_set(object, "value", json_object_get(entry, "value"));
    return object;
}

/* Lists come newest first for keys; a file reads from the oldest. */
static json_t *tell_all(const fg_installation_t *installation, fg_config_noun_t noun,
                        json_t *(*tell_one)(const json_t *entry))
{
    const json_t *every = installation->every[noun];
    size_t count = json_array_size(every);
    json_t *list = json_array();

    for (size_t i = 0; i < count; i++)
        json_array_append_new(
            list, tell_one(json_array_get(every, noun == FG_CONFIG_KEY ? count - 1 - i : i)));
    return list;
}

/* Who manages all of it; NULL when that is not one. Rule AP4 */
static const char *owner_of(const fg_installation_t *installation)
{
    static const fg_config_noun_t nouns[] = {FG_CONFIG_API, FG_CONFIG_PLAN, FG_CONFIG_KEY};
    const char *owner = NULL;
    size_t i;
    json_t *entry;

    for (size_t at = 0; at < FG_COUNT_OF(nouns); at++) {
        json_array_foreach(installation->every[nouns[at]], i, entry)
        {
            const char *its = fg_entry_text(entry, "owner");
            if (!its || (owner && strcmp(owner, its) != 0))
                return NULL;
            owner = its;
        }
    }
    return owner;
}

static json_t *tell_installation(const fg_installation_t *installation, bool with_keys)
{
    const char *owner = owner_of(installation);
    json_t *document = json_pack("{s:i, s:s*}", "faregate", 1, "name", owner);

    json_object_set(document, "account", json_object_get(installation->account, "members"));
    json_object_set_new(document, "apis", tell_all(installation, FG_CONFIG_API, tell_api));
    json_object_set_new(document, "plans", tell_all(installation, FG_CONFIG_PLAN, tell_plan));
    if (with_keys)
        json_object_set_new(document, "keys", tell_all(installation, FG_CONFIG_KEY, tell_key));
    return document;
}

/* ---- writing ---- */

/* Beside, then renamed: a file is there whole or as it was. Rule AP8: secrets are their owner's. */
static int write_file(const char *path, fg_str_t text, bool is_secret)
{
    const char *beside = fg_text("%s.new", path);
    int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, is_secret ? 0600 : 0666);
    FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;

    if (!file || (is_secret && fchmod(fd, 0600) != 0))
        return fg_fail(FG_EXIT_FAILURE, "export: %s: %s", beside, strerror(errno));
    bool is_written = fwrite(text.at, 1, text.len, file) == text.len;
    is_written = fclose(file) == 0 && is_written;
    if (is_written && rename(beside, path) == 0)
        return FG_EXIT_OK;
    int failure = errno;
    unlink(beside);
    return fg_fail(FG_EXIT_FAILURE, "export: %s: %s", path, strerror(failure));
}

static int write_document(const wishes_t *wishes, const json_t *document)
{
    fg_str_t text = wishes->json ? fg_json_render(document, fg_cli_arena())
                                 : fg_yaml_render(document, fg_cli_arena());

    if (!text.at)
        return fg_fail(FG_EXIT_ERROR, "out of memory");
    if (wishes->output)
        return write_file(wishes->output, text, wishes->with_values != NULL);
    printf("%.*s%s", FG_STR_ARG(text), wishes->json ? "\n" : "");
    return FG_EXIT_OK;
}

static int export(const wishes_t *wishes, fg_installation_t *installation)
{
    FG_JSON_SCOPED *nothing = json_object();
    const fg_installation_wishes_t all = {.keys = wishes->without_keys ? nothing : NULL,
                                          .with_values = wishes->with_values != NULL};
    FG_JSON_SCOPED *problems = json_array();
    fg_caller_t caller;
    size_t i;
    json_t *text;

    if (!fg_caller_open(&wishes->whom, &caller) ||
        !fg_installation_read(&caller, &all, installation))
        return fg_fail(caller.code, "export: %s", caller.problem);
    check_names(installation, FG_CONFIG_API, problems);
    check_names(installation, FG_CONFIG_PLAN, problems);
    check_names(installation, FG_CONFIG_KEY, problems);
    json_array_foreach(problems, i, text)
        fg_say("export: %s", fg_printable(json_string_value(text)));
    if (json_array_size(problems) > 0)
        return fg_fail(FG_EXIT_FAILURE, "export: a file goes by names; nothing is written");
    if (installation->are_values_withheld)
        fg_say("export: this installation keeps hashes of key values: they are not written");
    FG_JSON_SCOPED *document = tell_installation(installation, !wishes->without_keys);
    return write_document(wishes, document);
}

int fg_config_export_command(int argc, char **argv)
{
    wishes_t wishes = {.output = NULL};
    fg_installation_t installation = {.account = NULL};
    const fg_flag_t flags[] = {
        FG_ASK_FLAGS(&wishes.whom),
        {"--output", "FILE", "write there; stdout", &wishes.output},
        {"--include-key-values", NULL, "the values of the keys as well; FILE has mode 0600 then",
         &wishes.with_values},
        {"--without-keys", NULL, "APIs and plans alone", &wishes.without_keys},
        {"--json", NULL, "JSON instead of YAML", &wishes.json},
    };
    const fg_flags_t table = {"export", "write the configuration as faregate apply takes it", flags,
                              FG_COUNT_OF(flags)};
    int code;

    if (!fg_flags_parse(&table, argc, argv, &code))
        return code;
    code = export(&wishes, &installation);
    fg_installation_release(&installation);
    return code;
}
