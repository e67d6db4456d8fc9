/*
 * definition_export - an API as a document: GetExport of what a stage serves, and ours of what the API is now. Rules OA10,
 * OA11.
 */
#include "base/yaml.h"
#include "control/definition.h"
#include "control/handlers.h"
#include "control/noun.h"
#include "control/snapshot.h"

#include <ctype.h>
#include <time.h>

/* ---- what is asked for ---- */

static fg_status_t read_type(fg_call_t *call, fg_str_t type, bool *ret_is_3)
{
    *ret_is_3 = fg_str_is(type, "oas30");
    if (*ret_is_3 || fg_str_is(type, "swagger"))
        return FG_OK;
    return fg_error_set(call->error, FG_BAD_REQUEST, "exportType",
                        "Invalid export type specified: %.*s. Must be one of: [oas30, swagger]",
                        FG_STR_ARG(type));
}

/* One value or several with commas; postman's own extensions are not written (OA11). */
static fg_status_t read_extensions(fg_call_t *call, fg_openapi_write_options_t *options)
{
    for (fg_str_t rest = fg_call_query(call, "extensions"); rest.at;) {
        fg_str_t name = fg_str_trim(fg_str_cut(&rest, ','));
        bool is_all = fg_str_is(name, "apigateway");
        bool is_integrations = fg_str_is(name, "integrations");
        bool is_authorizers = fg_str_is(name, "authorizers");
        if (!is_all && !is_integrations && !is_authorizers && !fg_str_is(name, "postman"))
            return fg_error_set(call->error, FG_BAD_REQUEST, "extensions",
                                "Invalid extensions specified: %.*s. Must be one of: [apigateway, "
                                "integrations, authorizers, postman]",
                                FG_STR_ARG(name));
        options->has_integrations |= is_all || is_integrations;
        options->has_authorizers |= is_all || is_authorizers;
        options->has_rest |= is_all;
    }
    return FG_OK;
}

/* When the API was made: the version of one that was given none. */
static fg_str_t made_at(fg_call_t *call, const json_t *api)
{
    struct tm parts;
    char text[32];
    time_t seconds = (time_t)json_integer_value(json_object_get(api, "createdDate"));
    gmtime_r(&seconds, &parts);
    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &parts);
    return fg_arena_copy(call->arena, fg_str(text));
}

static fg_status_t write_document(fg_call_t *call, const json_t *snapshot, const json_t *parts,
                                  fg_openapi_write_options_t *options, json_t **ret_document)
{
    FG_JSON_SCOPED *definition = NULL;
    options->version = made_at(call, json_object_get(snapshot, "restApi"));
    if (!options->version.at)
        return fg_call_no_memory(call);
    fg_status_t status = fg_definition_of(call, snapshot, parts, &definition);
    return status == FG_OK
               ? fg_openapi_write(definition, options, call->arena, ret_document, call->error)
               : status;
}

/* ---- ours: what the API is now ---- */

fg_status_t fg_definition_get(fg_call_t *call)
{
    FG_JSON_SCOPED *api = NULL;
    FG_JSON_SCOPED *snapshot = NULL;
    FG_JSON_SCOPED *parts = NULL;
    fg_openapi_write_options_t options = {
        .has_integrations = true, .has_authorizers = true, .has_rest = true};
    fg_str_t api_id = call->path_part[0], type = fg_call_query(call, "type");
    fg_status_t status = read_type(call, type.at ? type : FG_STR("oas30"), &options.is_3);
    if (status == FG_OK)
        status = fg_call_api(call, api_id, &api);
    if (status == FG_OK)
        status = fg_snapshot_take(call, api_id, api, &snapshot);
    if (status == FG_OK)
        status = fg_document_all(call, FG_DOCUMENT_PART, api_id, FG_STR_NONE, &parts);
    return status == FG_OK ? write_document(call, snapshot, parts, &options, &call->output)
                           : status;
}

/* ---- GetExport ---- */

static fg_status_t load_stage(fg_call_t *call, json_t **ret_stage)
{
    fg_status_t status = fg_document_load(call, FG_DOCUMENT_STAGE, call->path_part[0],
                                          call->path_part[1], ret_stage);
    if (status == FG_NOT_FOUND)
        return fg_error_set(call->error, FG_NOT_FOUND, "", "Invalid stage identifier specified");
    return status;
}

/* The parts of the version that the stage shows; none without one. */
static fg_status_t load_parts(fg_call_t *call, const json_t *stage, json_t **ret_parts)
{
    FG_JSON_SCOPED *version = NULL;
    fg_str_t name = fg_member_str(stage, "documentationVersion");
    if (fg_str_is_empty(name))
        return FG_OK;
    fg_status_t status =
        fg_document_load(call, FG_DOCUMENTATION_VERSION, call->path_part[0], name, &version);
    if (status == FG_OK)
        *ret_parts = json_incref(json_object_get(version, "parts"));
    return status == FG_NOT_FOUND ? FG_OK : status;
}

static fg_status_t write_stage(fg_call_t *call, fg_openapi_write_options_t *options,
                               json_t **ret_document)
{
    FG_JSON_SCOPED *stage = NULL;
    FG_JSON_SCOPED *deployment = NULL;
    FG_JSON_SCOPED *parts = NULL;
    fg_str_t api_id = call->path_part[0];
    fg_status_t status = fg_call_api(call, api_id, NULL);
    if (status == FG_OK)
        status = load_stage(call, &stage);
    if (status == FG_OK)
        status = fg_document_load(call, FG_DOCUMENT_DEPLOYMENT, api_id,
                                  fg_member_str(stage, "deploymentId"), &deployment);
    if (status == FG_OK)
        status = load_parts(call, stage, &parts);
    if (status != FG_OK)
        return status;
    options->host = fg_arena_printf(call->arena, "%.*s.execute-api.%s.amazonaws.com",
                                    FG_STR_ARG(api_id), call->control->settings.region);
    options->base_path = fg_arena_printf(call->arena, "/%.*s", FG_STR_ARG(call->path_part[1]));
    if (!options->host.at || !options->base_path.at)
        return fg_call_no_memory(call);
    return write_document(call, json_object_get(deployment, "snapshot"), parts, options,
                          ret_document);
}

/* attachment; filename="oas30_1.0.json". A version may be any text, a header may not. */
static fg_str_t disposition(fg_call_t *call, const json_t *document, const char *suffix)
{
    fg_str_t version = fg_member_str(json_object_get(document, "info"), "version");
    char *safe = fg_arena_text(call->arena, version.at ? version : FG_STR(""));
    for (char *at = safe; at && *at; at++) {
        if (!isalnum((unsigned char)*at) && !strchr("._-:+", *at))
            *at = '_';
    }
    if (!safe)
        return FG_STR_NONE;
    return fg_arena_printf(call->arena, "attachment; filename=\"%.*s_%.100s.%s\"",
                           FG_STR_ARG(call->path_part[2]), safe, suffix);
}

static fg_status_t answer_document(fg_call_t *call, const json_t *document)
{
    fg_str_t accept = fg_call_header(call, "accept");
    bool is_yaml = accept.at && memmem(accept.at, accept.len, "yaml", 4);
    fg_str_t header = disposition(call, document, is_yaml ? "yaml" : "json");
    call->output_bytes = is_yaml ? fg_yaml_render(document, call->arena)
                                 : fg_json_render_indented(document, call->arena);
    if (!call->output_bytes.at || !header.at)
        return fg_call_no_memory(call);
    call->output_type = FG_STR("application/octet-stream");
    fg_call_header_add(call, "Content-Disposition", header);
    return FG_OK;
}

fg_status_t fg_definition_export(fg_call_t *call)
{
    FG_JSON_SCOPED *document = NULL;
    fg_openapi_write_options_t options = {0};
    fg_status_t status = read_type(call, call->path_part[2], &options.is_3);
    if (status == FG_OK)
        status = read_extensions(call, &options);
    if (status == FG_OK)
        status = write_stage(call, &options, &document);
    return status == FG_OK ? answer_document(call, document) : status;
}
