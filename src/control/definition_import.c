/*
 * definition_import - ImportRestApi and PutRestApi. Rules OA13 to OA16.
 */
#include "base/yaml.h"
#include "control/definition_apply.h"
#include "control/handlers.h"
#include "control/noun.h"
#include "openapi/openapi.h"

#define NO_IMPORTER "Unable to build importer with provided input."

typedef struct import {
    fg_call_t *call;
    fg_arena_t *scratch;
    json_t *definition, *warnings;
    fg_openapi_read_options_t read;
    fg_definition_apply_options_t apply;
} import_t;

/* ---- what is asked for ---- */

static fg_status_t read_choice(fg_call_t *call, const char *name, const char *const *choices,
                               size_t choice_count, const char *constraint, size_t *ret_choice)
{
    fg_str_t value = fg_call_query(call, name);
    if (!value.at)
        return FG_OK;
    for (size_t i = 0; i < choice_count; i++) {
        if (fg_str_is(value, choices[i])) {
            *ret_choice = i;
            return FG_OK;
        }
    }
    return fg_label_failed(call, name, value, constraint);
}

static fg_status_t read_query(import_t *import)
{
    static const char *const base_paths[] = {"ignore", "prepend", "split"};
    static const char *const modes[] = {"merge", "overwrite"};
    fg_call_t *call = import->call;
    size_t base_path = FG_OPENAPI_BASE_PATH_IGNORE, mode = 0;
    bool is_ignored = fg_str_is(fg_call_query(call, "ignore"), "documentation");
    fg_status_t status =
        read_choice(call, "basepath", base_paths, FG_COUNT_OF(base_paths),
                    "Member must satisfy enum value set: [ignore, prepend, split]", &base_path);
    if (status == FG_OK && !fg_str_is(fg_call_query(call, "mode"), "import"))
        status = read_choice(call, "mode", modes, FG_COUNT_OF(modes),
                             "Member must satisfy enum value set: [overwrite, merge]", &mode);
    import->read = (fg_openapi_read_options_t){(fg_openapi_base_path_t)base_path, is_ignored};
    import->apply = (fg_definition_apply_options_t){mode == 1, is_ignored};
    return status;
}

/* Rule OA16: the service's text, then where the document goes wrong. */
static fg_status_t read_document(import_t *import, json_t **ret_document)
{
    fg_call_t *call = import->call;
    FG_JSON_SCOPED *document = NULL;
    fg_error_t detail = {0};
    fg_status_t status = fg_yaml_parse(call->body, &document, &detail);
    if (status == FG_SERIALIZATION)
        return fg_error_set(call->error, FG_BAD_REQUEST, "body", NO_IMPORTER " (%.1500s)",
                            detail.message);
    if (status != FG_OK)
        return fg_error_set(call->error, status, "body", "%s", detail.message);
    if (!json_object_get(document, "swagger") && !json_object_get(document, "openapi"))
        return fg_error_set(call->error, FG_BAD_REQUEST, "body",
                            NO_IMPORTER " (neither swagger 2.0 nor openapi 3.0)");
    *ret_document = json_incref(document);
    return FG_OK;
}

/* Rule OA15: `failonwarnings` refuses with all of them. */
static fg_status_t check_warnings(import_t *import)
{
    fg_call_t *call = import->call;
    size_t index;
    json_t *warning;
    fg_str_t text = FG_STR("");
    if (json_array_size(import->warnings) == 0 ||
        !fg_patch_bool(fg_call_query(call, "failonwarnings")))
        return FG_OK;
    json_array_foreach(import->warnings, index, warning)
    {
        if (text.at && text.len < FG_ERROR_MESSAGE_BYTES_MAX)
            text = fg_arena_printf(call->arena, "%.*s\n\t%.*s", FG_STR_ARG(text),
                                   FG_STR_ARG(fg_json_str(warning)));
    }
    return text.at ? fg_error_set(call->error, FG_BAD_REQUEST, "body",
                                  "Warnings found during import:%.*s", FG_STR_ARG(text))
                   : fg_call_no_memory(call);
}

static fg_status_t read_definition(import_t *import)
{
    fg_call_t *call = import->call;
    FG_JSON_SCOPED *document = NULL;
    fg_error_t detail = {0};
    fg_status_t status = read_document(import, &document);
    if (status != FG_OK)
        return status;
    status = fg_openapi_read(document, &import->read, call->arena, &import->definition,
                             &import->warnings, &detail);
    if (status == FG_BAD_REQUEST)
        return fg_error_set(call->error, status, detail.field,
                            "Errors found during import:\n\t%.1900s", detail.message);
    return status == FG_OK ? check_warnings(import) : fg_call_no_memory(call);
}

/* The query's endpoint types, several with commas, come over the document's. */
static fg_status_t settle_endpoint(import_t *import)
{
    fg_str_t types = fg_call_query(import->call, "endpointConfigurationTypes");
    json_t *api = json_object_get(import->definition, "restApi");
    json_t *endpoint = json_object_get(api, "endpointConfiguration");
    FG_JSON_SCOPED *list = json_array();
    bool is_ok = true;
    if (fg_str_is_empty(types))
        return FG_OK;
    while (types.at && is_ok)
        is_ok =
            json_array_append_new(list, fg_json_new_str(fg_str_trim(fg_str_cut(&types, ',')))) == 0;
    if (!json_is_object(endpoint)) {
        endpoint = json_object();
        is_ok = is_ok && fg_member_set(api, "endpointConfiguration", endpoint);
    }
    is_ok = is_ok && json_object_set(endpoint, "types", list) == 0;
    return is_ok ? FG_OK : fg_call_no_memory(import->call);
}

/* ---- the API itself, by the patches of UpdateRestApi ---- */

/* Text of a patch: texts as they are, all else as JSON writes it. */
static bool add_patch(import_t *import, json_t *patches, const char *op, const char *path,
                      const json_t *value)
{
    fg_str_t text = json_is_string(value) ? fg_json_str(value)
                    : value               ? fg_json_render(value, import->call->arena)
                                          : FG_STR("");
    json_t *patch = json_pack("{ss, ss, ss%}", "op", op, "path", path, "value",
                              text.at ? text.at : "", text.len);
    return json_array_append_new(patches, patch) == 0 && text.at;
}

/* "/binaryMediaTypes/image~1png" */
static const char *media_type_path(import_t *import, const json_t *type)
{
    fg_str_t text = fg_json_str(type);
    char *path = fg_arena_alloc(import->call->arena, sizeof("/binaryMediaTypes/") + 2 * text.len);
    if (!path)
        return "";
    char *end = stpcpy(path, "/binaryMediaTypes/");
    for (size_t i = 0; i < text.len; i++) {
        bool is_special = text.at[i] == '/' || text.at[i] == '~';
        if (is_special)
            *end++ = '~';
        *end++ = !is_special ? text.at[i] : text.at[i] == '/' ? '1' : '0';
    }
    return path;
}

static bool has_value(const json_t *array, const json_t *value)
{
    for (size_t i = 0; i < json_array_size(array); i++) {
        if (json_equal(json_array_get(array, i), value))
            return true;
    }
    return false;
}

static bool patch_media_types(import_t *import, const json_t *now, const json_t *wanted,
                              json_t *patches)
{
    const json_t *old = json_object_get(now, "binaryMediaTypes");
    const json_t *types = json_object_get(wanted, "binaryMediaTypes");
    bool is_ok = true;
    for (size_t i = 0; is_ok && import->apply.is_overwrite && i < json_array_size(old); i++)
        is_ok = add_patch(import, patches, "remove",
                          media_type_path(import, json_array_get(old, i)), NULL);
    for (size_t i = 0; is_ok && i < json_array_size(types); i++) {
        const json_t *type = json_array_get(types, i);
        if (json_is_string(type) && (import->apply.is_overwrite || !has_value(old, type)))
            is_ok = add_patch(import, patches, "add", media_type_path(import, type), NULL);
    }
    return is_ok;
}

/* An endpoint configuration stays as it is unless the document or the query speaks of it. */
static bool patch_endpoint(import_t *import, const json_t *now, const json_t *wanted,
                           json_t *patches)
{
    const json_t *endpoint = json_object_get(wanted, "endpointConfiguration");
    const json_t *type = json_array_get(json_object_get(endpoint, "types"), 0);
    const json_t *address = json_object_get(endpoint, "ipAddressType");
    const json_t *wanted_ids = json_object_get(endpoint, "vpcEndpointIds");
    const json_t *old_ids =
        json_object_get(json_object_get(now, "endpointConfiguration"), "vpcEndpointIds");
    bool is_ok =
        !type || add_patch(import, patches, "replace", "/endpointConfiguration/types/0", type);
    if (address)
        is_ok = is_ok && add_patch(import, patches, "replace",
                                   "/endpointConfiguration/ipAddressType", address);
    for (size_t i = 0; wanted_ids && is_ok && i < json_array_size(old_ids); i++)
        is_ok = add_patch(import, patches, "remove", "/endpointConfiguration/vpcEndpointIds",
                          json_array_get(old_ids, i));
    for (size_t i = 0; is_ok && i < json_array_size(wanted_ids); i++)
        is_ok = add_patch(import, patches, "add", "/endpointConfiguration/vpcEndpointIds",
                          json_array_get(wanted_ids, i));
    return is_ok;
}

/* What an overwrite makes of a member that the document does not have: an empty value takes away. */
typedef struct member {
    const char *name, *otherwise; /* NULL: it stays as it is */
} member_t;

static bool patch_members(import_t *import, const json_t *now, const json_t *wanted,
                          json_t *patches)
{
    static const member_t members[] = {
        {"name", NULL},
        {"description", ""},
        {"apiKeySource", "HEADER"},
        {"minimumCompressionSize", ""},
        {"policy", ""},
        {"disableExecuteApiEndpoint", "false"},
        {"securityPolicy", NULL},
        {"endpointAccessMode", NULL},
    };
    for (size_t i = 0; i < FG_COUNT_OF(members); i++) {
        FG_JSON_SCOPED *otherwise = json_string(members[i].otherwise ? members[i].otherwise : "");
        const json_t *value = json_object_get(wanted, members[i].name);
        const char *path = fg_arena_printf(import->call->arena, "/%s", members[i].name).at;
        bool is_reset = !value && import->apply.is_overwrite && members[i].otherwise &&
                        json_object_get(now, members[i].name);
        if (!path || !otherwise)
            return false;
        if ((value || is_reset) &&
            !add_patch(import, patches, "replace", path, value ? value : otherwise))
            return false;
    }
    return true;
}

/* The version is no patch's. */
static fg_status_t set_version(import_t *import, fg_str_t api_id, const json_t *wanted)
{
    FG_JSON_SCOPED *api = NULL;
    json_t *version = json_object_get(wanted, "version");
    fg_status_t status = fg_call_api(import->call, api_id, &api);
    if (status != FG_OK)
        return status;
    if (!version && import->apply.is_overwrite)
        json_object_del(api, "version");
    if (version && json_object_set(api, "version", version) != 0)
        return fg_call_no_memory(import->call);
    return fg_document_save(import->call, FG_DOCUMENT_REST_API, FG_STR(""), api_id, FG_STR(""),
                            api);
}

static fg_status_t update_api(import_t *import, const char *api_id)
{
    fg_call_t *call = import->call;
    const char *const parts[] = {api_id, NULL};
    const json_t *wanted = json_object_get(import->definition, "restApi");
    FG_JSON_SCOPED *now = NULL;
    FG_JSON_SCOPED *patches = json_array();
    fg_status_t status = fg_call_api(call, fg_str(api_id), &now);
    if (status != FG_OK)
        return status;
    if (!patch_members(import, now, wanted, patches) ||
        !patch_media_types(import, now, wanted, patches) ||
        !patch_endpoint(import, now, wanted, patches))
        return fg_call_no_memory(call);
    json_t *input = json_pack("{sO}", "patchOperations", patches);
    status = fg_call_within(call, "UpdateRestApi", parts, input, import->scratch, NULL);
    return status == FG_OK ? set_version(import, fg_str(api_id), wanted) : status;
}

/* ---- both operations ---- */

static fg_status_t begin(import_t *import, fg_call_t *call)
{
    *import = (import_t){.call = call, .scratch = fg_arena_new()};
    if (!import->scratch)
        return fg_call_no_memory(call);
    fg_status_t status = read_query(import);
    if (status == FG_OK)
        status = read_definition(import);
    return status == FG_OK ? settle_endpoint(import) : status;
}

static void end(import_t *import)
{
    fg_arena_free(import->scratch);
    json_decref(import->definition);
    json_decref(import->warnings);
}

/* Make the API what the definition says, and answer it with the warnings. */
static fg_status_t carry_out(import_t *import, const char *api_id)
{
    fg_call_t *call = import->call;
    const char *const parts[] = {api_id, NULL};
    fg_status_t status = update_api(import, api_id);
    if (status == FG_OK)
        status = fg_definition_apply(call, fg_str(api_id), import->definition, &import->apply,
                                     import->warnings);
    if (status == FG_OK)
        status = check_warnings(import); /* those of the documentation came last */
    if (status == FG_OK)
        status = fg_call_within(call, "GetRestApi", parts, json_object(), import->scratch,
                                &call->output);
    if (status == FG_OK && json_array_size(import->warnings) &&
        json_object_set(call->output, "warnings", import->warnings) != 0)
        return fg_call_no_memory(call);
    return status;
}

/* An API of the title's name, at the endpoint that is asked for; the rest comes by carry_out. */
static fg_status_t create_api(import_t *import, json_t **ret_api)
{
    static const char *const parts[] = {NULL};
    const json_t *wanted = json_object_get(import->definition, "restApi");
    json_t *input =
        json_pack("{sO, sO*}", "name", json_object_get(wanted, "name"), "endpointConfiguration",
                  json_object_get(wanted, "endpointConfiguration"));
    return fg_call_within(import->call, "CreateRestApi", parts, input, import->scratch, ret_api);
}

fg_status_t fg_definition_import(fg_call_t *call)
{
    import_t import;
    FG_JSON_SCOPED *api = NULL;
    fg_status_t status = begin(&import, call);
    import.apply.is_overwrite = true; /* of the models that a new API has */
    if (status == FG_OK)
        status = create_api(&import, &api);
    if (status == FG_OK)
        json_object_del(json_object_get(import.definition, "restApi"), "endpointConfiguration");
    if (status == FG_OK)
        status = carry_out(&import, json_string_value(json_object_get(api, "id")));
    if (status == FG_OK)
        json_object_del(call->output, "tags"); /* rule C7: none were given */
    end(&import);
    return status;
}

fg_status_t fg_definition_put(fg_call_t *call)
{
    import_t import = {0};
    char *api_id = fg_arena_text(call->arena, call->path_part[0]);
    fg_status_t status =
        api_id ? fg_call_api(call, call->path_part[0], NULL) : fg_call_no_memory(call);
    if (status != FG_OK)
        return status;
    status = begin(&import, call);
    if (status == FG_OK)
        status = carry_out(&import, api_id);
    end(&import);
    return status;
}
