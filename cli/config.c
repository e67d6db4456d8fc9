#include "config.h"

#include "base/crypto.h"

#include <stdlib.h>

typedef struct default_value {
    const char *name;
    const char *when_absent; /* JSON; NULL: nothing */
} default_t;

static const default_t account_defaults[] = {{"throttle", NULL}};
static const default_t api_defaults[] = {
    {"description", NULL},
    {"apiKeySource", "\"HEADER\""},
    {"endpointType", "\"EDGE\""},
    {"tags", "{}"},
};
static const default_t stage_defaults[] = {
    {"description", NULL},
    {"variables", "{}"},
    {"methodSettings", "{}"},
    {"tracingEnabled", "false"},
    {"cacheClusterEnabled", "false"},
    {"cacheClusterSize", NULL},
    {"accessLogSettings", "{}"},
    {"tags", "{}"},
};
static const default_t plan_defaults[] = {
    {"description", NULL}, {"throttle", NULL}, {"quota", NULL},
    {"apiStages", "{}"},   {"tags", "{}"},     {"faregate", "{}"},
};
static const default_t key_defaults[] = {
    {"description", NULL}, {"enabled", "true"}, {"customerId", NULL},
    {"plans", "{}"},       {"tags", "{}"},      {"faregate", "{}"},
};

/* What a method setting has that does not say it: the service's own. An absent level is OFF. */
static const default_t setting_defaults[] = {
    {"metricsEnabled", "false"},
    {"loggingLevel", "\"OFF\""},
    {"dataTraceEnabled", "false"},
    {"throttlingBurstLimit", "5000"},
    {"throttlingRateLimit", "10000.0"},
    {"cachingEnabled", "false"},
    {"cacheTtlInSeconds", "300"},
    {"cacheDataEncrypted", "false"},
    {"requireAuthorizationForCacheControl", "true"},
    {"unauthorizedCacheControlHeaderStrategy", "\"SUCCEED_WITH_RESPONSE_HEADER\""},
};

static const struct noun {
    const char *text, *list;
    const default_t *members;
    size_t count;
} nouns[FG_CONFIG_NOUN_COUNT] = {
    [FG_CONFIG_ACCOUNT] = {"account", "account", account_defaults, FG_COUNT_OF(account_defaults)},
    [FG_CONFIG_API] = {"api", "apis", api_defaults, FG_COUNT_OF(api_defaults)},
    [FG_CONFIG_STAGE] = {"stage", "stages", stage_defaults, FG_COUNT_OF(stage_defaults)},
    [FG_CONFIG_PLAN] = {"plan", "plans", plan_defaults, FG_COUNT_OF(plan_defaults)},
    [FG_CONFIG_KEY] = {"key", "keys", key_defaults, FG_COUNT_OF(key_defaults)},
};

const char *fg_config_noun_text(fg_config_noun_t noun)
{
    return nouns[noun].text;
}

const char *fg_config_list_name(fg_config_noun_t noun)
{
    return nouns[noun].list;
}

static bool says_nothing(const json_t *value)
{
    return !value || json_is_null(value) ||
           (json_is_string(value) && json_string_length(value) == 0);
}

/* The rows' members of `given`, defaults filled in; new reference. */
static json_t *pick(const default_t *rows, size_t count, const json_t *given)
{
    json_t *picked = json_object();
    fg_error_t ignored;

    for (size_t i = 0; i < count; i++) {
        json_t *value = json_object_get(given, rows[i].name);
        if (!says_nothing(value))
            json_object_set_new(picked, rows[i].name, json_deep_copy(value));
        else if (rows[i].when_absent)
            json_object_set_new(picked, rows[i].name,
                                fg_json_parse(fg_str(rows[i].when_absent), &ignored));
    }
    return picked;
}

static void drop_own_tags(json_t *tags)
{
    const char *name;
    json_t *value;
    void *next;

    json_object_foreach_safe(tags, next, name, value)
    {
        if (fg_str_starts_with(fg_str(name), FG_STR(FG_CONFIG_TAG_PREFIX)))
            json_object_del(tags, name);
    }
}

/* Every method setting with all its members; a cache that is off has no size. */
static void complete_stage(json_t *members)
{
    json_t *settings = json_object_get(members, "methodSettings");
    const char *key;
    json_t *setting;
    void *next;

    json_object_foreach_safe(settings, next, key, setting)
    {
        json_object_set_new(settings, key,
                            pick(setting_defaults, FG_COUNT_OF(setting_defaults), setting));
    }
    if (!json_is_true(json_object_get(members, "cacheClusterEnabled")))
        json_object_del(members, "cacheClusterSize");
    else if (!json_object_get(members, "cacheClusterSize"))
        json_object_set_new(members, "cacheClusterSize", json_string("0.5"));
}

json_t *fg_config_members(fg_config_noun_t noun, const json_t *given)
{
    json_t *members = pick(nouns[noun].members, nouns[noun].count, given);
    json_t *quota = json_object_get(members, "quota");

    drop_own_tags(json_object_get(members, "tags"));
    if (noun == FG_CONFIG_STAGE)
        complete_stage(members);
    if (quota && !json_object_get(quota, "offset"))
        json_object_set_new(quota, "offset", json_integer(0));
    return members;
}

json_t *fg_config_told(fg_config_noun_t noun, const json_t *members)
{
    json_t *told = json_copy((json_t *)(uintptr_t)members);
    fg_error_t ignored;

    for (size_t i = 0; i < nouns[noun].count; i++) {
        const default_t *row = &nouns[noun].members[i];
        FG_JSON_SCOPED *usual =
            row->when_absent ? fg_json_parse(fg_str(row->when_absent), &ignored) : NULL;
        if (usual && fg_config_same(usual, json_object_get(told, row->name)))
            json_object_del(told, row->name);
    }
    return told;
}

json_t *fg_config_entry(const char *name, json_t *members)
{
    return json_pack("{s:s, s:o}", "name", name, "members", members);
}

const char *fg_config_stage_name(const char *api, const char *stage)
{
    return fg_text("%s:%s", api, stage);
}

const char *fg_config_stage_cut(const char *text, const char **ret_stage)
{
    const char *colon = strrchr(text, ':');

    FG_ASSERT(colon);
    *ret_stage = colon + 1;
    return fg_text_of(fg_str_of(text, (size_t)(colon - text)));
}

/* ---- comparing ---- */

static bool are_objects_same(const json_t *a, const json_t *b)
{
    const char *name;
    json_t *value;

    if (json_object_size(a) != json_object_size(b))
        return false;
    json_object_foreach((json_t *)(uintptr_t)a, name, value)
    {
        if (!fg_config_same(value, json_object_get(b, name)))
            return false;
    }
    return true;
}

static bool are_lists_same(const json_t *a, const json_t *b)
{
    if (json_array_size(a) != json_array_size(b))
        return false;
    for (size_t i = 0; i < json_array_size(a); i++) {
        if (!fg_config_same(json_array_get(a, i), json_array_get(b, i)))
            return false;
    }
    return true;
}

bool fg_config_same(const json_t *a, const json_t *b)
{
    if (!a || !b)
        return a == b;
    if (json_is_number(a) && json_is_number(b))
        return json_number_value(a) == json_number_value(b);
    if (json_is_object(a) && json_is_object(b))
        return are_objects_same(a, b);
    if (json_is_array(a) && json_is_array(b))
        return are_lists_same(a, b);
    return json_equal(a, b);
}

/* A change of a value that is no object in both. */
static void note_change(const char *path, json_t *old, json_t *new, json_t *changes)
{
    json_array_append_new(changes, json_pack("{s:s, s:o, s:o}", "path", path, "old",
                                             old ? json_incref(old) : json_null(), "new",
                                             new ? json_incref(new) : json_null()));
}

static void compare_objects(const char *path, const json_t *wanted, const json_t *found,
                            json_t *changes)
{
    FG_JSON_SCOPED *both = json_copy((json_t *)(uintptr_t)found);
    const char *name;
    json_t *ignored;

    json_object_update(both, (json_t *)(uintptr_t)wanted);
    json_object_foreach(both, name, ignored)
    {
        json_t *new = json_object_get(wanted, name), *old = json_object_get(found, name);
        const char *place = *path ? fg_text("%s.%s", path, name) : name;
        if (fg_config_same(new, old))
            continue;
        if (json_is_object(new) && json_is_object(old))
            compare_objects(place, new, old, changes);
        else
            note_change(place, old, new, changes);
    }
}

void fg_config_compare(const json_t *wanted, const json_t *found, json_t *changes)
{
    compare_objects("", wanted, found, changes);
}

const char *fg_config_hash(const json_t *value)
{
    uint8_t hash[FG_SHA256_BYTES];
    char text[2 * FG_SHA256_BYTES + 1];
    char *sorted = json_dumps(value, JSON_COMPACT | JSON_SORT_KEYS | JSON_REAL_PRECISION(15));

    fg_sha256(sorted, sorted ? strlen(sorted) : 0, hash);
    free(sorted);
    fg_hex(hash, sizeof(hash), text);
    return fg_text("%s", text);
}
