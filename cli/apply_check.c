#include "apply_check.h"

#include "config_schema.h"

typedef struct checker {
    const json_t *config;
    const fg_installation_t *installation;
    json_t *going; /* "plan free" and "stage weather:prod" that will be deleted */
    json_t *problems;
} checker_t;

static const json_t *member_of(const json_t *entry, const char *name)
{
    return json_object_get(json_object_get(entry, "members"), name);
}

/* The entry as it will be: the file's, else the installation's. */
static const json_t *settled(const checker_t *checker, fg_config_noun_t noun, const char *name)
{
    const json_t *wanted =
        json_object_get(json_object_get(checker->config, fg_config_list_name(noun)), name);

    return wanted ? wanted : fg_installation_find(checker->installation, noun, name);
}

static void check_going(checker_t *checker, const char *place, const char *what, const char *name)
{
    if (json_object_get(checker->going, fg_text("%s %s", what, name)))
        fg_config_problem(checker->problems, place,
                          "names %s '%s', which is not in the file and would be deleted", what,
                          name);
}

/* A plan that is named: `place` is "key 'ann'.plans". */
static void check_plan(checker_t *checker, const char *place, const char *name)
{
    const char *ids = fg_installation_namesakes(checker->installation, FG_CONFIG_PLAN, name);

    if (!settled(checker, FG_CONFIG_PLAN, name))
        fg_config_problem(checker->problems, place, "there is no plan '%s'", name);
    else if (ids)
        fg_config_problem(checker->problems, place, "there are several plans '%s': %s", name, ids);
    check_going(checker, place, "plan", name);
}

static void check_api_stage(checker_t *checker, const char *place, const char *name)
{
    const char *stage;
    const char *api_name = fg_config_stage_cut(name, &stage);
    const json_t *wanted = json_object_get(json_object_get(checker->config, "apis"), api_name);
    const json_t *found = fg_installation_find(checker->installation, FG_CONFIG_API, api_name);
    const char *ids = fg_installation_namesakes(checker->installation, FG_CONFIG_API, api_name);

    if (!wanted && !found)
        fg_config_problem(checker->problems, place, "there is no API '%s'", api_name);
    else if (!wanted && ids)
        fg_config_problem(checker->problems, place, "there are several APIs '%s': %s", api_name,
                          ids);
    else if (!json_object_get(json_object_get(wanted, "stages"), stage) &&
             !json_object_get(json_object_get(found, "stages"), stage))
        fg_config_problem(checker->problems, place, "the API '%s' has no stage '%s'", api_name,
                          stage);
    check_going(checker, place, "stage", name);
    check_going(checker, place, "api", api_name);
}

static void check_plan_entry(checker_t *checker, const char *name, const json_t *entry)
{
    const char *shadow = fg_entry_text(member_of(entry, "faregate"), "shadowPlan");
    const char *stage_name;
    json_t *ignored;

    json_object_foreach((json_t *)(uintptr_t)member_of(entry, "apiStages"), stage_name, ignored)
        check_api_stage(checker, fg_text("plan '%s'.apiStages", name), stage_name);
    if (shadow)
        check_plan(checker, fg_text("plan '%s'.faregate.shadowPlan", name), shadow);
}

/* Rule P5, before the service refuses it half-way. */
static void check_clashes(checker_t *checker, const char *name, const json_t *plans)
{
    FG_JSON_SCOPED *taken = json_object();
    const char *plan_name, *stage_name;
    json_t *ignored, *throttles;

    json_object_foreach((json_t *)(uintptr_t)plans, plan_name, ignored)
    {
        const json_t *stages = member_of(settled(checker, FG_CONFIG_PLAN, plan_name), "apiStages");
        json_object_foreach((json_t *)(uintptr_t)stages, stage_name, throttles)
        {
            const char *other = json_string_value(json_object_get(taken, stage_name));
            if (other)
                fg_config_problem(checker->problems, fg_text("key '%s'.plans", name),
                                  "the plans '%s' and '%s' both have the stage %s: a key can be "
                                  "on one plan per stage",
                                  other, plan_name, stage_name);
            json_object_set_new(taken, stage_name, json_string(plan_name));
        }
    }
}

static void check_key_entry(checker_t *checker, const char *name, const json_t *entry)
{
    const json_t *found = fg_installation_find(checker->installation, FG_CONFIG_KEY, name);
    const json_t *had = json_object_get(member_of(found, "faregate"), "overrides");
    const char *plan;
    json_t *ignored;

    json_object_foreach((json_t *)(uintptr_t)member_of(entry, "plans"), plan, ignored)
        check_plan(checker, fg_text("key '%s'.plans", name), plan);
    json_object_foreach(json_object_get(member_of(entry, "faregate"), "overrides"), plan, ignored)
    {
        if (!json_object_get(had, plan)) /* Rule E4: one of a plan that has gone stays */
            check_plan(checker, fg_text("key '%s'.faregate.overrides", name), plan);
    }
    if (json_object_size(member_of(entry, "plans")) > 1)
        check_clashes(checker, name, member_of(entry, "plans"));
}

void fg_apply_check(const json_t *config, const fg_installation_t *installation,
                    const fg_steps_t *steps, bool with_deletions, json_t *problems)
{
    FG_JSON_SCOPED *going = json_object();
    checker_t checker = {config, installation, going, problems};
    const char *name;
    json_t *entry;

    for (size_t i = 0; with_deletions && i < steps->count; i++) {
        const fg_step_t *step = &steps->list[i];
        if (step->kind == FG_STEP_DELETE)
            json_object_set_new(
                going, fg_text("%s %s", fg_config_noun_text(step->noun), step->name), json_true());
    }
    json_object_foreach(json_object_get(config, "plans"), name, entry)
        check_plan_entry(&checker, name, entry);
    json_object_foreach(json_object_get(config, "keys"), name, entry)
        check_key_entry(&checker, name, entry);
}
