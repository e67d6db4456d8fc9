/*
 * method_setting - the methodSettings of a stage. Reference 4.11.
 *
 * A path is /<key>/<group>/<name>, its key `*` `/` `*` or <resource path>/<VERB>. Slashes of the
 * resource path may be given as ~1 or plain; the key is kept as it was given, because clients read
 * it back under that very text.
 */
#include "control/document.h"
#include "control/stage.h"

#define ALL_METHODS "*/*"

typedef enum kind { KIND_BOOL, KIND_BURST, KIND_RATE, KIND_TTL, KIND_CHOICE } kind_t;

typedef struct setting {
    const char *path;
    const char *member;
    kind_t kind;
    const char *choices; /* "A|B|" */
} setting_t;

static const setting_t settings[] = {
    {"metrics/enabled", "metricsEnabled", KIND_BOOL, NULL},
    {"logging/loglevel", "loggingLevel", KIND_CHOICE, "OFF|ERROR|INFO|"},
    {"logging/dataTrace", "dataTraceEnabled", KIND_BOOL, NULL},
    {"throttling/burstLimit", "throttlingBurstLimit", KIND_BURST, NULL},
    {"throttling/rateLimit", "throttlingRateLimit", KIND_RATE, NULL},
    {"caching/enabled", "cachingEnabled", KIND_BOOL, NULL},
    {"caching/ttlInSeconds", "cacheTtlInSeconds", KIND_TTL, NULL},
    {"caching/dataEncrypted", "cacheDataEncrypted", KIND_BOOL, NULL},
    {"caching/requireAuthorizationForCacheControl", "requireAuthorizationForCacheControl",
     KIND_BOOL, NULL},
    {"caching/unauthorizedCacheControlHeaderStrategy", "unauthorizedCacheControlHeaderStrategy",
     KIND_CHOICE, "FAIL_WITH_403|SUCCEED_WITH_RESPONSE_HEADER|SUCCEED_WITHOUT_RESPONSE_HEADER|"},
};

enum {
    CACHE_TTL_S_MAX = 3600,
    CACHE_TTL_S_DEFAULT = 300,
    BURST_DEFAULT = 5000,
    RATE_DEFAULT = 10000
};

static fg_status_t no_memory(fg_call_t *call)
{
    return fg_error_set(call->error, FG_NO_MEMORY, "", "out of memory");
}

/* The path without its slash in front; it may be empty, and may have no slash. */
static fg_str_t path_key(const fg_patch_t *patch)
{
    fg_str_t path = patch->path;
    return fg_str_starts_with(path, FG_STR("/")) ? fg_str_of(path.at + 1, path.len - 1) : path;
}

/* Take the setting's two parts off the end of `path`; NULL when no setting is named so. */
static const setting_t *cut_setting(fg_str_t *path)
{
    for (size_t i = 0; i < FG_COUNT_OF(settings); i++) {
        fg_str_t name = fg_str(settings[i].path);
        if (path->len <= name.len + 1 || path->at[path->len - name.len - 1] != '/' ||
            memcmp(path->at + path->len - name.len, name.at, name.len) != 0)
            continue;
        path->len -= name.len + 1;
        return &settings[i];
    }
    return NULL;
}

/* A key ends in a verb or a star behind a slash. */
static bool is_key(fg_str_t key)
{
    static const char *const ends[] = {"GET",     "PUT",  "POST", "DELETE", "PATCH",
                                       "OPTIONS", "HEAD", "ANY",  "*"};
    fg_str_t end = key;
    while (fg_str_find(end, '/') < end.len)
        fg_str_cut(&end, '/');
    for (size_t i = 0; i < FG_COUNT_OF(ends); i++) {
        if (fg_str_is(end, ends[i]))
            return end.len < key.len;
    }
    return false;
}

/* What a new entry starts from: the entry for all methods as it is now, else the service's
 * defaults. */
static json_t *new_entry(const json_t *entries)
{
    const json_t *all = json_object_get(entries, ALL_METHODS);
    if (all)
        return json_deep_copy(all);
    return json_pack("{sb, si, sb, sb, sb, sb, si, sf, ss}", "cacheDataEncrypted", 0,
                     "cacheTtlInSeconds", CACHE_TTL_S_DEFAULT, "cachingEnabled", 0,
                     "dataTraceEnabled", 0, "metricsEnabled", 0,
                     "requireAuthorizationForCacheControl", 1, "throttlingBurstLimit",
                     BURST_DEFAULT, "throttlingRateLimit", (double)RATE_DEFAULT,
                     "unauthorizedCacheControlHeaderStrategy", "SUCCEED_WITH_RESPONSE_HEADER");
}

static bool is_choice(const char *choices, fg_str_t value)
{
    for (fg_str_t rest = fg_str(choices); rest.at;) {
        if (fg_str_eq(fg_str_cut(&rest, '|'), value))
            return value.len > 0;
    }
    return false;
}

/* The value as JSON; NULL when it is none. Throttles take -1: no limit of its own. */
static json_t *parse_value(const setting_t *setting, fg_str_t value)
{
    int64_t integer;
    double real;
    switch (setting->kind) {
    case KIND_BOOL:
        return json_boolean(fg_patch_bool(value));
    case KIND_CHOICE:
        return is_choice(setting->choices, value) ? fg_json_new_str(value) : NULL;
    case KIND_RATE:
        return fg_str_to_double(value, &real) && real >= -1 ? json_real(real) : NULL;
    case KIND_BURST:
        return fg_str_to_i64(value, &integer) && integer >= -1 && integer <= INT32_MAX
                   ? json_integer(integer)
                   : NULL;
    case KIND_TTL:
        return fg_str_to_i64(value, &integer) && integer >= 0 && integer <= CACHE_TTL_S_MAX
                   ? json_integer(integer)
                   : NULL;
    }
    return NULL;
}

static fg_status_t bad_value(fg_call_t *call, const setting_t *setting, fg_str_t value)
{
    if (setting->kind == KIND_TTL)
        return fg_error_set(call->error, FG_BAD_REQUEST, setting->member,
                            "Invalid time-to-live setting, must be an integer no greater than %d",
                            CACHE_TTL_S_MAX);
    return fg_error_set(call->error, FG_BAD_REQUEST, setting->member,
                        "Invalid value '%.*s' for method setting %s", FG_STR_ARG(value),
                        setting->path);
}

fg_status_t fg_method_setting_replace(fg_call_t *call, json_t *stage, const fg_patch_t *patch,
                                      bool *ret_is_path)
{
    fg_str_t key = path_key(patch);
    const setting_t *setting = cut_setting(&key);
    *ret_is_path = setting && is_key(key);
    if (!*ret_is_path)
        return FG_OK;
    FG_JSON_SCOPED *value = parse_value(setting, patch->value);
    if (!value)
        return bad_value(call, setting, patch->value);
    const char *name = fg_arena_text(call->arena, key);
    json_t *entries = json_object_get(stage, "methodSettings");
    if (!name)
        return no_memory(call);
    json_t *entry = json_object_get(entries, name);
    if (!entry) {
        entry = new_entry(entries);
        if (!fg_member_set(entries, name, entry))
            return no_memory(call);
    }
    return json_object_set(entry, setting->member, value) == 0 ? FG_OK : no_memory(call);
}

fg_status_t fg_method_setting_remove(fg_call_t *call, json_t *stage, const fg_patch_t *patch)
{
    const char *name = fg_arena_text(call->arena, path_key(patch));
    if (!name)
        return no_memory(call);
    if (json_object_del(json_object_get(stage, "methodSettings"), name) == 0)
        return FG_OK;
    return fg_error_set(
        call->error, FG_BAD_REQUEST, "path",
        "Cannot remove method setting %s because there is no method setting for this method ",
        name);
}
