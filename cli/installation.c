#include "installation.h"

typedef struct reading {
    fg_caller_t *caller;
    const fg_installation_wishes_t *wishes;
    fg_installation_t *to;
    json_t *by_id; /* plans' and keys' entries; borrowed by `to` */
} reading_t;

const char *fg_entry_text(const json_t *entry, const char *member)
{
    return json_string_value(json_object_get(entry, member));
}

/* ---- names and ids ---- */

json_t *fg_installation_find(const fg_installation_t *installation, fg_config_noun_t noun,
                             const char *name)
{
    return json_object_get(installation->named[noun], name);
}

const char *fg_installation_namesakes(const fg_installation_t *installation, fg_config_noun_t noun,
                                      const char *name)
{
    const char *ids = NULL;
    size_t i, count = 0;
    json_t *entry;

    if (!json_object_get(json_object_get(installation->named[noun], name), "isShared"))
        return NULL;
    json_array_foreach(installation->every[noun], i, entry)
    {
        if (strcmp(fg_entry_text(entry, "name"), name) != 0)
            continue;
        ids = fg_text("%s%s%s", ids ? ids : "", ids ? ", " : "", fg_entry_text(entry, "id"));
        count++;
    }
    return count > 1 ? ids : NULL;
}

void fg_installation_add(fg_installation_t *installation, fg_config_noun_t noun, json_t *entry)
{
    const char *name = fg_entry_text(entry, "name");
    json_t *first = json_object_get(installation->named[noun], name);

    json_array_append(installation->every[noun], entry);
    if (first)
        json_object_set_new(first, "isShared", json_true());
    else if (*name)
        json_object_set(installation->named[noun], name, entry);
}

/* How others name the entry: by its name, by its id when others have the same. */
static const char *label(const fg_installation_t *installation, fg_config_noun_t noun,
                         const json_t *entry)
{
    const char *name = fg_entry_text(entry, "name");
    const json_t *first = fg_installation_find(installation, noun, name);
    bool is_unique = first && !json_object_get(first, "isShared");

    return is_unique ? name : fg_entry_text(entry, "id");
}

/* The plan of that name's id, or the name of that id's plan; the text itself when there is none. */
static const char *counterpart(const fg_installation_t *installation, const char *text,
                               bool is_to_name)
{
    size_t i;
    json_t *entry;

    if (!is_to_name) {
        const json_t *named = fg_installation_find(installation, FG_CONFIG_PLAN, text);
        return named ? fg_entry_text(named, "id") : text;
    }
    json_array_foreach(installation->every[FG_CONFIG_PLAN], i, entry)
    {
        if (strcmp(fg_entry_text(entry, "id"), text) == 0)
            return label(installation, FG_CONFIG_PLAN, entry);
    }
    return text;
}

static json_t *translate(const fg_installation_t *installation, const json_t *faregate,
                         bool is_to_name)
{
    const char *shadow_from = is_to_name ? "shadowPlanId" : "shadowPlan";
    json_t *translated = json_copy((json_t *)(uintptr_t)faregate);
    json_t *overrides = json_object_get(translated, "overrides"), *value;
    const char *shadow = fg_entry_text(translated, shadow_from), *plan;

    if (shadow) {
        json_object_set_new(translated, is_to_name ? "shadowPlan" : "shadowPlanId",
                            json_string(counterpart(installation, shadow, is_to_name)));
        json_object_del(translated, shadow_from);
    }
    if (overrides) {
        json_t *named = json_object();
        json_object_foreach(overrides, plan, value)
            json_object_set(named, counterpart(installation, plan, is_to_name), value);
        json_object_set_new(translated, "overrides", named);
    }
    return translated;
}

json_t *fg_extension_named(const fg_installation_t *installation, const json_t *faregate)
{
    json_t *named = translate(installation, faregate, true);

    json_object_del(named, "lastUsedAt"); /* what answers alone have */
    json_object_del(named, "values");
    return named;
}

json_t *fg_extension_numbered(const fg_installation_t *installation, const json_t *faregate)
{
    return translate(installation, faregate, false);
}

/* ---- reading ---- */

/* The entry of an answer's object. New reference. */
static json_t *entry_of(fg_config_noun_t noun, const char *name, const json_t *object)
{
    json_t *entry = fg_config_entry(name ? name : "", fg_config_members(noun, object));
    const json_t *tags = json_object_get(object, "tags");
    json_t *owner = json_object_get(tags, FG_CONFIG_TAG_OWNER);
    json_t *recorded = json_object_get(tags, FG_CONFIG_TAG_DEFINITION);

    if (json_object_get(object, "id"))
        json_object_set(entry, "id", json_object_get(object, "id"));
    if (owner)
        json_object_set(entry, "owner", owner);
    if (recorded)
        json_object_set(entry, "recorded", recorded);
    return entry;
}

static bool read_account(reading_t *reading)
{
    json_t *answer;

    if (!fg_caller_call(reading->caller, "GET", "/account", "", NULL, &answer))
        return false;
    FG_JSON_SCOPED *given =
        json_pack("{s:O}", "throttle", json_object_get(answer, "throttleSettings"));
    json_decref(answer);
    reading->to->account = entry_of(FG_CONFIG_ACCOUNT, "account", given);
    return true;
}

/* Is the stage's deployment the API as it is now? */
static bool read_deployment(reading_t *reading, const char *api_id, json_t *entry)
{
    json_t *answer;

    if (!fg_caller_call(reading->caller, "GET",
                        fg_text("/faregate/restapis/%s/stages/%s/deployment", api_id,
                                fg_entry_text(entry, "name")),
                        "", NULL, &answer))
        return false;
    json_object_set(entry, "isCurrent", json_object_get(answer, "isCurrent"));
    json_decref(answer);
    return true;
}

static bool read_stages(reading_t *reading, json_t *api)
{
    const char *api_id = fg_entry_text(api, "id");
    json_t *answer, *stage, *stages = json_object();
    size_t i;

    json_object_set_new(api, "stages", stages);
    if (!fg_caller_call(reading->caller, "GET", fg_text("/restapis/%s/stages", api_id), "", NULL,
                        &answer))
        return false;
    FG_JSON_SCOPED *owned = answer;
    json_array_foreach(json_object_get(owned, "item"), i, stage)
    {
        const char *name = fg_entry_text(stage, "stageName");
        json_t *entry = entry_of(FG_CONFIG_STAGE, name, stage);
        json_object_set_new(stages, name, entry);
        if (json_object_get(stage, "canarySettings"))
            json_object_set_new(entry, "hasCanary", json_true());
        if (!read_deployment(reading, api_id, entry))
            return false;
    }
    return true;
}

static bool read_definition(reading_t *reading, json_t *api)
{
    json_t *definition;

    if (!fg_caller_call(reading->caller, "GET",
                        fg_text("/faregate/restapis/%s/definition", fg_entry_text(api, "id")),
                        "type=oas30", NULL, &definition))
        return false;
    json_object_set_new(api, "definition", definition);
    return true;
}

static bool read_apis(reading_t *reading)
{
    FG_JSON_SCOPED *items = json_array();
    size_t i;
    json_t *item;

    if (!fg_caller_list(reading->caller, "/restapis", "", items))
        return false;
    json_array_foreach(items, i, item)
    {
        FG_JSON_SCOPED *entry = entry_of(FG_CONFIG_API, fg_entry_text(item, "name"), item);
        json_t *types = json_object_get(json_object_get(item, "endpointConfiguration"), "types");
        const json_t *wish = json_object_get(reading->wishes->apis, fg_entry_text(entry, "name"));
        if (json_array_size(types) > 0)
            json_object_set(json_object_get(entry, "members"), "endpointType",
                            json_array_get(types, 0));
        fg_installation_add(reading->to, FG_CONFIG_API, entry);
        bool is_all = !reading->wishes->apis;
        if ((wish || is_all) && !read_stages(reading, entry))
            return false;
        if ((json_is_true(wish) || is_all) && !read_definition(reading, entry))
            return false;
    }
    return true;
}

/* apiStages by the API's name; an API that has gone meanwhile keeps its id. */
static json_t *api_stages_of(const json_t *apis_by_id, const json_t *plan)
{
    json_t *stages = json_object(), *item;
    size_t i;

    json_array_foreach(json_object_get(plan, "apiStages"), i, item)
    {
        const char *id = fg_entry_text(item, "apiId");
        const char *name = json_string_value(json_object_get(apis_by_id, id));
        json_t *throttle = json_object_get(item, "throttle");
        json_object_set_new(
            stages, fg_config_stage_name(name ? name : id, fg_entry_text(item, "stage")),
            json_pack("{s:o}", "throttle", throttle ? json_incref(throttle) : json_object()));
    }
    return stages;
}

static bool read_plans(reading_t *reading)
{
    FG_JSON_SCOPED *items = json_array();
    FG_JSON_SCOPED *apis_by_id = json_object();
    fg_installation_t *to = reading->to;
    size_t i;
    json_t *item;

    if (!fg_caller_list(reading->caller, "/usageplans", "", items))
        return false;
    json_array_foreach(to->every[FG_CONFIG_API], i, item) json_object_set_new(
        apis_by_id, fg_entry_text(item, "id"), json_string(label(to, FG_CONFIG_API, item)));
    json_array_foreach(items, i, item)
    {
        FG_JSON_SCOPED *entry = entry_of(FG_CONFIG_PLAN, fg_entry_text(item, "name"), item);
        json_object_set_new(json_object_get(entry, "members"), "apiStages",
                            api_stages_of(apis_by_id, item));
        fg_installation_add(to, FG_CONFIG_PLAN, entry);
    }
    json_array_foreach(to->every[FG_CONFIG_PLAN], i, item)
    {
        json_t *members = json_object_get(item, "members");
        json_object_set_new(members, "faregate",
                            fg_extension_named(to, json_object_get(members, "faregate")));
    }
    return true;
}

/* ---- keys ---- */

/* More are found faster by reading all. */
enum { KEYS_ASKED_FOR_MAX = 100 };

static bool is_wanted(const fg_installation_wishes_t *wishes, const json_t *key)
{
    const char *name = fg_entry_text(key, "name");
    const char *owner = fg_entry_text(json_object_get(key, "tags"), FG_CONFIG_TAG_OWNER);

    return !wishes->keys || (name && json_object_get(wishes->keys, name)) ||
           (wishes->owner && owner && strcmp(owner, wishes->owner) == 0);
}

static void take_key(void *user, json_t *item)
{
    reading_t *reading = user;
    fg_installation_t *to = reading->to;
    json_t *value = json_object_get(item, "value");

    bool is_known = json_object_get(reading->by_id, fg_entry_text(item, "id")) != NULL;
    if (is_known || !is_wanted(reading->wishes, item)) /* a name may begin another */
        return;
    FG_JSON_SCOPED *entry = entry_of(FG_CONFIG_KEY, fg_entry_text(item, "name"), item);
    json_t *members = json_object_get(entry, "members");
    json_object_set_new(members, "faregate",
                        fg_extension_named(to, json_object_get(members, "faregate")));
    if (value)
        json_object_set(entry, "value", value);
    to->are_values_withheld |= reading->wishes->with_values && !value;
    json_object_set(reading->by_id, fg_entry_text(entry, "id"), entry);
    fg_installation_add(to, FG_CONFIG_KEY, entry);
}

static void put_on_plan(const reading_t *reading, const char *key_id, const json_t *plan)
{
    const json_t *key = json_object_get(reading->by_id, key_id);
    json_t *plans = json_object_get(json_object_get(key, "members"), "plans");

    if (plans)
        json_object_set_new(plans, label(reading->to, FG_CONFIG_PLAN, plan), json_true());
}

typedef struct plan_reading {
    reading_t *reading;
    const json_t *plan; /* whose keys are listed */
} plan_reading_t;

static void take_plan_key(void *user, json_t *item)
{
    const plan_reading_t *listed = user;

    put_on_plan(listed->reading, fg_entry_text(item, "id"), listed->plan);
}

/* All keys, then the keys of each plan. */
static bool read_all_keys(reading_t *reading, const char *query)
{
    size_t i;
    json_t *plan;

    if (!fg_caller_each(reading->caller, "/apikeys", query, take_key, reading))
        return false;
    json_array_foreach(reading->to->every[FG_CONFIG_PLAN], i, plan)
    {
        plan_reading_t listed = {reading, plan};
        const char *path = fg_text("/usageplans/%s/keys", fg_entry_text(plan, "id"));
        if (!fg_caller_each(reading->caller, path, "", take_plan_key, &listed))
            return false;
    }
    return true;
}

static bool read_plans_of(reading_t *reading, const char *key_id)
{
    FG_JSON_SCOPED *items = json_array();
    size_t i;
    json_t *item;

    if (!fg_caller_list(reading->caller, "/usageplans", fg_text("keyId=%s", key_id), items))
        return false;
    json_array_foreach(items, i, item) put_on_plan(reading, key_id, item);
    return true;
}

/* Each of the names, then the plans of each key. */
static bool read_named_keys(reading_t *reading, const char *query)
{
    const char *name;
    json_t *ignored;

    json_object_foreach((json_t *)(uintptr_t)reading->wishes->keys, name, ignored)
    {
        fg_ask_t ask = {.query = fg_str(query)};
        fg_ask_query(&ask, "name", name);
        if (!fg_caller_each(reading->caller, "/apikeys", fg_text_of(ask.query), take_key, reading))
            return false;
    }
    json_object_foreach(reading->by_id, name, ignored)
    {
        if (!read_plans_of(reading, name))
            return false;
    }
    return true;
}

static bool read_keys(reading_t *reading)
{
    const fg_installation_wishes_t *wishes = reading->wishes;
    const char *query = wishes->with_values ? "includeValues=true" : "";
    bool are_few = wishes->keys && json_object_size(wishes->keys) <= KEYS_ASKED_FOR_MAX;

    return are_few && !wishes->owner ? read_named_keys(reading, query)
                                     : read_all_keys(reading, query);
}

bool fg_installation_read(fg_caller_t *caller, const fg_installation_wishes_t *wishes,
                          fg_installation_t *ret_installation)
{
    FG_JSON_SCOPED *by_id = json_object();
    reading_t reading = {caller, wishes, ret_installation, by_id};

    for (size_t noun = 0; noun < FG_CONFIG_NOUN_COUNT; noun++) {
        ret_installation->named[noun] = json_object();
        ret_installation->every[noun] = json_array();
    }
    return read_account(&reading) && read_apis(&reading) && read_plans(&reading) &&
           read_keys(&reading);
}

void fg_installation_release(fg_installation_t *installation)
{
    for (size_t noun = 0; noun < FG_CONFIG_NOUN_COUNT; noun++) {
        json_decref(installation->named[noun]);
        json_decref(installation->every[noun]);
    }
    json_decref(installation->account);
}
