#include "apply_steps.h"

#include "config_schema.h"

#include <stdlib.h>

typedef struct maker {
    const json_t *config;
    const fg_installation_t *installation;
    const char *owner; /* NULL: the file has no name */
    fg_steps_t *steps;
    json_t *problems;
} maker_t;

static const struct {
    const char *text, *done;
} kinds[FG_STEP_KIND_COUNT] = {
    [FG_STEP_NONE] = {"none", "unchanged"},
    [FG_STEP_CREATE] = {"create", "created"},
    [FG_STEP_CHANGE] = {"change", "changed"},
    [FG_STEP_DELETE] = {"delete", "deleted"},
};

const char *fg_step_kind_text(fg_step_kind_t kind)
{
    return kinds[kind].text;
}

const char *fg_step_done_text(fg_step_kind_t kind)
{
    return kinds[kind].done;
}

bool fg_step_touches(const fg_step_t *step, const char *member)
{
    size_t i, len = strlen(member);
    json_t *change;

    json_array_foreach(step->changes, i, change)
    {
        const char *path = fg_entry_text(change, "path");
        if (strncmp(path, member, len) == 0 && (path[len] == '\0' || path[len] == '.'))
            return true;
    }
    return false;
}

/* ---- the list ---- */

static fg_step_t *add_step(maker_t *maker, fg_step_t step)
{
    fg_steps_t *steps = maker->steps;

    if (steps->count == steps->room) {
        steps->room = steps->room ? 2 * steps->room : 64;
        steps->list = realloc(steps->list, steps->room * sizeof(*steps->list));
        if (!steps->list)
            exit(fg_fail(FG_EXIT_ERROR, "out of memory"));
    }
    steps->list[steps->count] = step;
    steps->count_of[step.kind]++;
    return &steps->list[steps->count++];
}

void fg_steps_release(fg_steps_t *steps)
{
    for (size_t i = 0; i < steps->count; i++)
        json_decref(steps->list[i].changes);
    free(steps->list);
}

static void add_change(json_t *changes, const char *path, const char *old, const char *new)
{
    json_array_append_new(changes,
                          json_pack("{s:s, s:s?, s:s}", "path", path, "old", old, "new", new));
}

/* ---- what differs ---- */

/* Rule AP4 */
static void compare_owner(maker_t *maker, const char *place, const json_t *found, json_t *changes)
{
    const char *owner = fg_entry_text(found, "owner");

    if (!maker->owner || (owner && strcmp(owner, maker->owner) == 0))
        return;
    if (owner)
        fg_config_problem(maker->problems, place,
                          "is managed by '%s' (tag " FG_CONFIG_TAG_OWNER "), not by '%s'", owner,
                          maker->owner);
    else
        add_change(changes, "managedBy", NULL, maker->owner);
}

/* Rule AP5: the same as the API's as it stands, or both as they were when it was applied. */
static void compare_definition(const json_t *wanted, const json_t *found, json_t *changes)
{
    const json_t *new = json_object_get(wanted, "definition");
    const json_t *old = json_object_get(found, "definition");

    if (!new || fg_config_same(new, old))
        return;
    const char *file_hash = fg_entry_text(wanted, "fileHash");
    const char *hash = old ? fg_config_hash(old) : NULL;
    const char *recorded = fg_entry_text(found, "recorded");
    if (recorded && hash && strcmp(recorded, fg_text("%s/%s", file_hash, hash)) == 0)
        return;
    add_change(changes, "definition", hash ? fg_text("%.8s", hash) : NULL,
               fg_text("%.8s", file_hash));
}

static void compare_value(const json_t *wanted, const json_t *found, json_t *changes)
{
    json_t *new = json_object_get(wanted, "value"), *old = json_object_get(found, "value");

    if (new && (!found || (old && !json_equal(new, old)))) /* Rule AP8: never shown */
        add_change(changes, "value", old ? "another" : NULL, "the file's");
}

/* Of a new thing, what it has that is not by default. */
static void compare_members(fg_config_noun_t noun, const json_t *wanted, const json_t *found,
                            json_t *changes)
{
    const json_t *members = json_object_get(wanted, "members");
    FG_JSON_SCOPED *told = fg_config_told(noun, members);
    FG_JSON_SCOPED *nothing = json_object();

    if (found)
        fg_config_compare(members, json_object_get(found, "members"), changes);
    else
        fg_config_compare(told, nothing, changes);
}

static fg_step_t compare(maker_t *maker, fg_config_noun_t noun, const char *name, json_t *wanted,
                         json_t *found)
{
    fg_step_t step = {.noun = noun,
                      .name = name,
                      .wanted = wanted,
                      .found = found,
                      .changes = json_array(),
                      .kind = FG_STEP_CREATE};
    const char *place = fg_text("%s '%s'", fg_config_noun_text(noun), name);

    if (noun != FG_CONFIG_ACCOUNT && found)
        compare_owner(maker, place, found, step.changes);
    compare_definition(wanted, found, step.changes);
    compare_members(noun, wanted, found, step.changes);
    compare_value(wanted, found, step.changes);
    if (found)
        step.kind = json_array_size(step.changes) > 0 ? FG_STEP_CHANGE : FG_STEP_NONE;
    return step;
}

/* Rule AP6: a stage serves the definition, unless the file says to leave it. */
static void compare_deployment(const fg_step_t *api, fg_step_t *stage)
{
    bool is_changed = fg_step_touches(api, "definition") || fg_step_touches(api, "apiKeySource");
    bool is_current = json_is_true(json_object_get(stage->found, "isCurrent")) && !is_changed;

    if (!stage->found || !json_object_get(api->wanted, "definition") || is_current ||
        !json_is_true(json_object_get(stage->wanted, "deploy")))
        return;
    add_change(stage->changes, "deployment", "of another definition", "of the API as it is then");
    stage->kind = FG_STEP_CHANGE;
}

/* ---- each noun ---- */

static json_t *find(maker_t *maker, fg_config_noun_t noun, const char *name)
{
    const char *ids = fg_installation_namesakes(maker->installation, noun, name);

    if (ids) /* Rule AP3 */
        fg_config_problem(maker->problems, fg_text("%s '%s'", fg_config_noun_text(noun), name),
                          "the installation has several of that name: %s", ids);
    return fg_installation_find(maker->installation, noun, name);
}

static void make_api(maker_t *maker, const char *name, json_t *wanted)
{
    json_t *found = find(maker, FG_CONFIG_API, name), *stage;
    fg_step_t api = compare(maker, FG_CONFIG_API, name, wanted, found);
    const json_t *found_stages = json_object_get(found, "stages");
    const char *stage_name;

    add_step(maker, api);
    json_object_foreach(json_object_get(wanted, "stages"), stage_name, stage)
    {
        fg_step_t step = compare(maker, FG_CONFIG_STAGE, fg_config_stage_name(name, stage_name),
                                 stage, json_object_get(found_stages, stage_name));
        compare_deployment(&api, &step);
        add_step(maker, step);
    }
}

static void make_account(maker_t *maker)
{
    json_t *wanted = json_object_get(maker->config, "account");

    if (wanted)
        add_step(maker, compare(maker, FG_CONFIG_ACCOUNT, "account", wanted,
                                maker->installation->account));
}

static void make_each(maker_t *maker, fg_config_noun_t noun)
{
    const char *name;
    json_t *wanted;

    json_object_foreach(json_object_get(maker->config, fg_config_list_name(noun)), name, wanted)
    {
        if (noun == FG_CONFIG_API)
            make_api(maker, name, wanted);
        else
            add_step(maker, compare(maker, noun, name, wanted, find(maker, noun, name)));
    }
}

/* ---- deletions: rule AP7 ---- */

static bool is_left(const maker_t *maker, const json_t *found, const json_t *wanted_names)
{
    const char *owner = fg_entry_text(found, "owner");

    return maker->owner && owner && strcmp(owner, maker->owner) == 0 &&
           !json_object_get(wanted_names, fg_entry_text(found, "name"));
}

static void add_deletion(maker_t *maker, fg_config_noun_t noun, const char *name, json_t *found)
{
    add_step(maker, (fg_step_t){.kind = FG_STEP_DELETE,
                                .noun = noun,
                                .name = name,
                                .found = found,
                                .changes = json_array()});
}

static void make_stage_deletions(maker_t *maker, const char *api_name, const json_t *api)
{
    const json_t *found = json_object_get(
        fg_installation_find(maker->installation, FG_CONFIG_API, api_name), "stages");
    const char *name;
    json_t *stage;

    json_object_foreach((json_t *)(uintptr_t)found, name, stage)
    {
        if (is_left(maker, stage, json_object_get(api, "stages")))
            add_deletion(maker, FG_CONFIG_STAGE, fg_config_stage_name(api_name, name), stage);
    }
}

static void make_deletions(maker_t *maker)
{
    static const fg_config_noun_t order[] = {FG_CONFIG_KEY, FG_CONFIG_PLAN, FG_CONFIG_API};
    const char *name;
    json_t *entry;
    size_t i;

    for (size_t at = 0; at < FG_COUNT_OF(order); at++) {
        const json_t *wanted = json_object_get(maker->config, fg_config_list_name(order[at]));
        json_array_foreach(maker->installation->every[order[at]], i, entry)
        {
            if (is_left(maker, entry, wanted))
                add_deletion(maker, order[at], fg_entry_text(entry, "name"), entry);
        }
    }
    json_object_foreach(json_object_get(maker->config, "apis"), name, entry)
        make_stage_deletions(maker, name, entry);
}

void fg_steps_make(const json_t *config, const fg_installation_t *installation,
                   fg_steps_t *ret_steps, json_t *problems)
{
    maker_t maker = {config, installation, fg_entry_text(config, "name"), ret_steps, problems};

    make_account(&maker);
    make_each(&maker, FG_CONFIG_API);
    make_each(&maker, FG_CONFIG_PLAN);
    make_each(&maker, FG_CONFIG_KEY);
    make_deletions(&maker);
}

json_t *fg_steps_apis(const json_t *config)
{
    json_t *apis = json_object(), *entry, *ignored;
    const char *name, *stage_name, *stage;

    json_object_foreach(json_object_get(config, "plans"), name, entry)
    {
        json_object_foreach(json_object_get(json_object_get(entry, "members"), "apiStages"),
                            stage_name, ignored)
            json_object_set_new(apis, fg_config_stage_cut(stage_name, &stage), json_false());
    }
    json_object_foreach(json_object_get(config, "apis"), name, entry)
        json_object_set_new(apis, name, json_boolean(json_object_get(entry, "definition") != NULL));
    return apis;
}
