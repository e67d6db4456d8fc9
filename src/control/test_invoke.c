/*
 * TestInvokeMethod: the method as it is defined now, run once, without key, throttle and authorizer.
 * Rule TI1.
 */
#include "control/test_invoke.h"

#include "control/handlers.h"
#include "control/method.h"
#include "control/noun.h"
#include "route/variables.h"

/* ---- the place ---- */

/* Rule TI1: the method of that verb, else ANY's. */
static fg_status_t load(fg_call_t *call, fg_method_place_t *place)
{
    fg_status_t status = fg_method_find(call, place);
    if (status == FG_OK && !place->method)
        place->method = json_object_get(json_object_get(place->resource, "resourceMethods"), "ANY");
    if (status == FG_OK && !place->method)
        return fg_error_set(call->error, FG_NOT_FOUND, "", "Invalid Method identifier specified");
    place->integration = json_object_get(place->method, "methodIntegration");
    return status;
}

/* ANY itself is no verb that a backend knows: a body makes it a POST. */
static fg_str_t verb_of(const fg_call_t *call)
{
    fg_str_t verb = call->path_part[2];
    if (!fg_str_is(verb, "ANY"))
        return verb;
    return fg_member_str(call->input, "body").len ? FG_STR("POST") : FG_STR("GET");
}

/* ---- the run ---- */

static void log_start(fg_invocation_t *run)
{
    fg_execution_log_t *log = &run->log;
    fg_execution_log_line(log, "Starting execution for request: %.*s",
                          FG_STR_ARG(run->call->request_id));
    fg_execution_log_line(log, "HTTP Method: %.*s, Resource Path: %.*s", FG_STR_ARG(run->verb),
                          FG_STR_ARG(run->path));
    fg_execution_log_line(log, "Method request path: %.*s",
                          FG_STR_ARG(fg_execution_log_pairs(log, run->path_parameters)));
    fg_execution_log_line(log, "Method request query string: %.*s",
                          FG_STR_ARG(fg_execution_log_pairs(log, run->query_pairs)));
    fg_execution_log_line(log, "Method request headers: %.*s",
                          FG_STR_ARG(fg_execution_log_pairs(log, run->headers)));
    fg_execution_log_line(log, "Method request body before transformations: %.*s",
                          FG_STR_ARG(run->body));
}

static void log_end(fg_invocation_t *run)
{
    fg_execution_log_t *log = &run->log;
    fg_lambda_pairs_t headers = {run->answer_headers, run->answer_header_count};
    if (!run->is_refused) {
        fg_execution_log_line(log, "Method response body after transformations: %.*s",
                              FG_STR_ARG(run->answer_body));
        fg_execution_log_line(log, "Method response headers: %.*s",
                              FG_STR_ARG(fg_execution_log_pairs(log, headers)));
        fg_execution_log_line(log, "Successfully completed execution");
    }
    fg_execution_log_line(log, "Method completed with status: %d", run->status);
}

static void execute(fg_invocation_t *run, const fg_test_integration_t *integration)
{
    if (!integration->document)
        fg_invocation_refuse(run, FG_GATEWAY_RESPONSE_API_CONFIGURATION_ERROR,
                             FG_STR("Execution failed due to configuration error: No integration "
                                    "defined for method"));
    else if (fg_str_is(fg_member_str(integration->document, "connectionType"), "VPC_LINK"))
        fg_invocation_refuse(run, FG_GATEWAY_RESPONSE_API_CONFIGURATION_ERROR,
                             FG_STR("Execution failed due to configuration error: VPC links are "
                                    "not served"));
    else if (fg_str_is(integration->type, "MOCK"))
        fg_test_mock(run, integration);
    else if (fg_str_starts_with(integration->type, FG_STR("HTTP")))
        fg_test_http(run, integration);
    else
        fg_test_lambda(run, integration);
}

/* ---- the answer ---- */

static bool add_header(json_t *singles, json_t *lists, fg_str_t name, fg_str_t value)
{
    json_t *list = json_object_getn(lists, name.at, name.len);
    if (!list) {
        list = json_array();
        if (json_object_setn_new(lists, name.at, name.len, list) != 0)
            return false;
    }
    return json_object_setn_new(singles, name.at, name.len, fg_json_new_str(value)) == 0 &&
           json_array_append_new(list, fg_json_new_str(value)) == 0;
}

static fg_status_t render(fg_invocation_t *run)
{
    fg_call_t *call = run->call;
    fg_arena_t *arena = call->arena;
    FG_JSON_SCOPED *singles = json_object();
    FG_JSON_SCOPED *lists = json_object();
    fg_str_t log = fg_execution_log_text(&run->log), body = fg_text_repair(run->answer_body, arena);
    bool is_set = !run->is_out_of_memory && log.at && body.at && singles && lists;
    for (size_t i = 0; is_set && i < run->answer_header_count; i++) {
        fg_str_t name = fg_text_repair(run->answer_headers[i].name, arena);
        fg_str_t value = fg_text_repair(run->answer_headers[i].value, arena);
        is_set = name.at && value.at && add_header(singles, lists, name, value);
    }
    if (is_set)
        call->output =
            json_pack("{s:i, s:s%, s:O, s:O, s:s%, s:I}", "status", run->status, "body", body.at,
                      body.len, "headers", singles, "multiValueHeaders", lists, "log", log.at,
                      log.len, "latency", (json_int_t)(run->latency_us / 1000));
    return call->output ? FG_OK : fg_call_no_memory(call);
}

fg_status_t fg_test_invoke_method(fg_call_t *call)
{
    FG_METHOD_SCOPED place = {0};
    FG_JSON_SCOPED *api = NULL;
    fg_invocation_t *run = fg_arena_alloc(call->arena, sizeof(*run));
    fg_status_t status = run ? load(call, &place) : fg_call_no_memory(call);
    if (status == FG_OK)
        status = fg_call_api(call, call->path_part[0], &api);
    if (status == FG_OK)
        status = fg_invocation_begin(run, call, verb_of(call), call->path_part[1],
                                     fg_member_str(place.resource, "path"));
    if (status != FG_OK)
        return status;
    fg_str_t uri = fg_member_str(place.integration, "uri");
    json_t *timeout = json_object_get(place.integration, "timeoutInMillis");
    fg_test_integration_t integration = {
        .document = place.integration,
        .api = api,
        .type = fg_member_str(place.integration, "type"),
        .uri = fg_variables_put(uri, run->variables.at, run->variables.count, call->arena),
        .timeout_ms =
            timeout ? (uint32_t)json_integer_value(timeout) : FG_INTEGRATION_TIMEOUT_MS_MAX,
    };
    run->is_out_of_memory = run->is_out_of_memory || !integration.uri.at;
    log_start(run);
    execute(run, &integration);
    log_end(run);
    return render(run);
}
