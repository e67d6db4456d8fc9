/*
 * config file - a configuration file read, checked and brought into the one form. Rules AP1-AP3.
 */
#include "config.h"

#include "base/limits.h"
#include "base/yaml.h"
#include "config_schema.h"

#include <errno.h>

enum { FILE_BYTES_MAX = FG_CONTROL_BODY_BYTES_MAX };

typedef struct reader {
    const char *path; /* of the file */
    json_t *problems;
    json_t *config;
} reader_t;

/* A YAML or JSON file as one value; NULL after a problem at `place`. New reference. */
static json_t *read_value(const char *path, const char *place, json_t *problems)
{
    fg_error_t error = {.message = ""};
    json_t *value = NULL;
    fg_str_t text = fg_read_file(path, FILE_BYTES_MAX);

    if (!text.at)
        fg_config_problem(problems, place, "cannot read %s: %s", path, strerror(errno));
    else if (fg_yaml_parse(text, &value, &error) != FG_OK)
        fg_config_problem(problems, place, "%s%s%s", *place ? path : "", *place ? ": " : "",
                          error.message);
    return value;
}

/* ---- definitions ---- */

/* A path as the file's own folder sees it. */
static const char *beside(const char *file, const char *path)
{
    const char *slash = strrchr(file, '/');

    if (*path == '/' || !slash)
        return path;
    return fg_text("%.*s/%s", (int)(slash - file), file, path);
}

static bool is_openapi(const json_t *definition)
{
    fg_str_t openapi = fg_json_str(json_object_get(definition, "openapi"));
    fg_str_t swagger = fg_json_str(json_object_get(definition, "swagger"));

    return fg_str_starts_with(openapi, FG_STR("3.0")) || fg_str_is(swagger, "2.0");
}

/* The API's own name and description go into the definition: the service takes both from there. */
static void settle_definition(json_t *entry, json_t *definition, const json_t *given)
{
    json_t *members = json_object_get(entry, "members");
    FG_JSON_SCOPED *told = json_copy(json_object_get(definition, "info"));
    FG_JSON_SCOPED *info = told ? json_incref(told) : json_object();
    json_t *source = json_object_get(definition, "x-amazon-apigateway-api-key-source");

    json_object_set_new(entry, "fileHash", json_string(fg_config_hash(definition)));
    json_object_set(info, "title", json_object_get(entry, "name"));
    if (json_object_get(members, "description"))
        json_object_set(info, "description", json_object_get(members, "description"));
    else if (json_string_length(json_object_get(info, "description")))
        json_object_set(members, "description", json_object_get(info, "description"));
    if (json_is_string(source) && !json_object_get(given, "apiKeySource"))
        json_object_set(members, "apiKeySource", source);
    json_object_set(definition, "info", info);
    json_object_set(entry, "definition", definition);
}

static void read_definition(reader_t *reader, const char *place, json_t *given, json_t *entry)
{
    json_t *inline_one = json_object_get(given, "definition");
    const char *file = json_string_value(json_object_get(given, "definitionFile"));

    if (!inline_one && !file)
        return;
    if (inline_one && file) {
        fg_config_problem(reader->problems, place, "has both definition and definitionFile");
        return;
    }
    const char *at = fg_text("%s.%s", place, file ? "definitionFile" : "definition");
    FG_JSON_SCOPED *definition =
        file ? read_value(beside(reader->path, file), at, reader->problems) : json_copy(inline_one);
    if (!definition)
        return;
    if (!is_openapi(definition))
        fg_config_problem(reader->problems, at,
                          "must be an OpenAPI document with openapi: 3.0.x or swagger: '2.0'");
    else
        settle_definition(entry, definition, given);
}

/* ---- nouns ---- */

/* Put a named entry into its map; a problem when the name is there already. Steals `entry`. */
static void put(reader_t *reader, const char *place, json_t *map, json_t *entry)
{
    const char *name = json_string_value(json_object_get(entry, "name"));

    if (json_object_get(map, name))
        fg_config_problem(reader->problems, place, "the name '%s' is there twice", name);
    json_object_set_new(map, name, entry);
}

static void check_own_tags(reader_t *reader, const char *place, const json_t *given)
{
    const char *name;
    json_t *value;

    json_object_foreach(json_object_get(given, "tags"), name, value)
    {
        if (fg_str_starts_with(fg_str(name), FG_STR(FG_CONFIG_TAG_PREFIX)))
            fg_config_problem(reader->problems, place,
                              "tags.%s: tags that begin with " FG_CONFIG_TAG_PREFIX
                              " are faregate apply's own",
                              name);
    }
}

/* The entry of a thing with what is the same for all nouns. */
static json_t *begin_entry(reader_t *reader, fg_config_noun_t noun, const char *place,
                           const json_t *given)
{
    json_t *entry = fg_config_entry(json_string_value(json_object_get(given, "name")),
                                    fg_config_members(noun, given));
    check_own_tags(reader, place, given);
    return entry;
}

static void read_api(reader_t *reader, const char *place, json_t *given)
{
    json_t *entry = begin_entry(reader, FG_CONFIG_API, place, given);
    json_t *stages = json_object(), *stage;
    size_t i;

    read_definition(reader, place, given, entry);
    json_object_set_new(entry, "stages", stages);
    json_array_foreach(json_object_get(given, "stages"), i, stage)
    {
        const char *at = fg_text("%s.stages[%zu]", place, i);
        json_t *stage_entry = begin_entry(reader, FG_CONFIG_STAGE, at, stage);
        json_t *deploy = json_object_get(stage, "deploy");
        json_object_set_new(stage_entry, "deploy", json_boolean(!json_is_false(deploy)));
        put(reader, at, stages, stage_entry);
    }
    put(reader, place, json_object_get(reader->config, "apis"), entry);
}

static void read_plan(reader_t *reader, const char *place, json_t *given)
{
    json_t *entry = begin_entry(reader, FG_CONFIG_PLAN, place, given);
    json_t *api_stages = json_object(), *api_stage;
    size_t i;

    json_array_foreach(json_object_get(given, "apiStages"), i, api_stage)
    {
        const char *name =
            fg_config_stage_name(json_string_value(json_object_get(api_stage, "api")),
                                 json_string_value(json_object_get(api_stage, "stage")));
        json_t *throttle = json_object_get(api_stage, "throttle");
        if (json_object_get(api_stages, name))
            fg_config_problem(reader->problems, fg_text("%s.apiStages[%zu]", place, i),
                              "'%s' is there twice", name);
        json_object_set_new(
            api_stages, name,
            json_pack("{s:o}", "throttle", throttle ? json_incref(throttle) : json_object()));
    }
    json_object_set_new(json_object_get(entry, "members"), "apiStages", api_stages);
    put(reader, place, json_object_get(reader->config, "plans"), entry);
}

static void read_key(reader_t *reader, const char *place, json_t *given)
{
    json_t *entry = begin_entry(reader, FG_CONFIG_KEY, place, given);
    json_t *plans = json_object(), *plan;
    json_t *value = json_object_get(given, "value");
    size_t i;

    json_array_foreach(json_object_get(given, "plans"), i, plan)
        json_object_set_new(plans, json_string_value(plan), json_true());
    json_object_set_new(json_object_get(entry, "members"), "plans", plans);
    if (json_object_size(plans) > FG_PLANS_PER_KEY_MAX)
        fg_config_problem(reader->problems, fg_text("%s.plans", place),
                          "a key is on at most %d plans", FG_PLANS_PER_KEY_MAX);
    if (value)
        json_object_set(entry, "value", value);
    put(reader, place, json_object_get(reader->config, "keys"), entry);
}

static void read_each(reader_t *reader, const json_t *document, const char *list,
                      void (*read)(reader_t *reader, const char *place, json_t *given))
{
    size_t i;
    json_t *given;

    json_array_foreach(json_object_get(document, list), i, given)
        read(reader, fg_text("%s[%zu]", list, i), given);
}

json_t *fg_config_read_file(const char *path, json_t *problems)
{
    reader_t reader = {.path = path, .problems = problems};
    FG_JSON_SCOPED *document = read_value(path, "", problems);

    if (!document)
        return NULL;
    fg_config_check(&fg_config_root, document, problems);
    if (json_array_size(problems) > 0)
        return NULL; /* below, every member has its kind */
    FG_JSON_SCOPED *config = json_pack("{s:{}, s:{}, s:{}}", "apis", "plans", "keys");
    reader.config = config;
    if (json_object_get(document, "name"))
        json_object_set(config, "name", json_object_get(document, "name"));
    if (json_object_get(document, "account"))
        json_object_set_new(
            config, "account",
            fg_config_entry("account", fg_config_members(FG_CONFIG_ACCOUNT,
                                                         json_object_get(document, "account"))));
    read_each(&reader, document, "apis", read_api);
    read_each(&reader, document, "plans", read_plan);
    read_each(&reader, document, "keys", read_key);
    return json_array_size(problems) > 0 ? NULL : json_incref(config);
}
