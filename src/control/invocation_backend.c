#include "control/invocation.h"

#include "base/uri.h"
#include "route/variables.h"

fg_lambda_pairs_t fg_invocation_headers(fg_invocation_t *run, const fg_pair_t *headers,
                                        size_t count)
{
    fg_route_pair_t *at = fg_arena_alloc(run->call->arena, (count + 1) * sizeof(*at));
    for (size_t i = 0; at && i < count; i++)
        at[i] = (fg_route_pair_t){headers[i].name, headers[i].value};
    run->is_out_of_memory = run->is_out_of_memory || !at;
    return (fg_lambda_pairs_t){at, at ? count : 0};
}

static void log_request(fg_invocation_t *run, const fg_exchange_request_t *request)
{
    fg_execution_log_t *log = &run->log;
    fg_str_t headers = fg_execution_log_pairs(
        log, fg_invocation_headers(run, request->headers, request->header_count));
    fg_execution_log_line(log, "Endpoint request URI: %.*s", FG_STR_ARG(request->url));
    fg_execution_log_line(log, "Endpoint request headers: %.*s", FG_STR_ARG(headers));
    fg_execution_log_line(log, "Endpoint request body after transformations: %.*s",
                          FG_STR_ARG(request->body));
    fg_execution_log_line(log, "Sending request to %.*s", FG_STR_ARG(request->url));
}

static void log_answer(fg_invocation_t *run, const fg_exchange_answer_t *answer)
{
    fg_execution_log_t *log = &run->log;
    fg_str_t headers = fg_execution_log_pairs(
        log, fg_invocation_headers(run, answer->headers, answer->header_count));
    fg_execution_log_line(log, "Received response. Status: %d, Integration latency: %lld ms",
                          answer->status, (long long)(answer->latency_us / 1000));
    fg_execution_log_line(log, "Endpoint response headers: %.*s", FG_STR_ARG(headers));
    fg_execution_log_line(log, "Endpoint response body before transformations: %.*s",
                          FG_STR_ARG(answer->body));
}

void fg_invocation_ask(fg_invocation_t *run, const fg_exchange_request_t *request,
                       fg_exchange_answer_t *ret_answer)
{
    const fg_control_t *control = run->call->control;
    *ret_answer = (fg_exchange_answer_t){
        .outcome = FG_EXCHANGE_FAILED, .body = FG_STR(""), .reason = FG_STR("there is no network")};
    log_request(run, request);
    if (control->exchange)
        control->exchange(control->exchange_ctx, request, run->call->arena, ret_answer);
    run->latency_us += ret_answer->latency_us;
    if (ret_answer->outcome == FG_EXCHANGE_ANSWERED)
        log_answer(run, ret_answer);
}

/* ---- functions ---- */

/* The endpoint without a slash at its end. */
static fg_str_t endpoint_of(const fg_invocation_t *run)
{
    fg_str_t endpoint = fg_str(run->call->control->settings.lambda_endpoint);
    while (endpoint.len && endpoint.at[endpoint.len - 1] == '/')
        endpoint.len--;
    return endpoint;
}

static bool has_function_failed(const fg_exchange_answer_t *answer)
{
    for (size_t i = 0; i < answer->header_count; i++) {
        if (fg_str_eq_nocase(answer->headers[i].name, FG_STR("X-Amz-Function-Error")))
            return true;
    }
    return false;
}

/* What came of the call, the reason to the log unless it went well. */
static fg_invoked_t judge(fg_invocation_t *run, const fg_exchange_answer_t *answer)
{
    fg_execution_log_t *log = &run->log;
    if (answer->outcome == FG_EXCHANGE_TIMED_OUT) {
        fg_execution_log_line(log, "Execution failed due to a timeout error");
        return FG_INVOKED_TIMED_OUT;
    }
    if (answer->outcome != FG_EXCHANGE_ANSWERED) {
        fg_execution_log_line(log,
                              "Execution failed due to a network error communicating with "
                              "endpoint: %.*s",
                              FG_STR_ARG(answer->reason));
        return FG_INVOKED_BROKEN;
    }
    if (answer->status == 403) {
        fg_execution_log_line(log, "Execution failed due to configuration error: Invalid "
                                   "permissions on Lambda function");
        return FG_INVOKED_DENIED;
    }
    if (answer->status != 200) {
        fg_execution_log_line(log, "Lambda invocation failed with status: %d", answer->status);
        return FG_INVOKED_BROKEN;
    }
    if (!has_function_failed(answer))
        return FG_INVOKED;
    fg_execution_log_line(
        log,
        "Lambda execution failed with status 200 due to customer function "
        "error: %.*s",
        FG_STR_ARG(fg_json_member_text(answer->body, FG_STR("errorMessage"), run->call->arena)));
    return FG_INVOKED_FAILING;
}

fg_invoked_t fg_invocation_invoke(fg_invocation_t *run, fg_str_t uri, fg_str_t payload,
                                  uint32_t timeout_ms, fg_exchange_answer_t *ret_answer)
{
    static const fg_pair_t headers[] = {
        {FG_STR("Content-Type"), FG_STR("application/json")},
        {FG_STR("Accept"), FG_STR("application/json")},
        {FG_STR("X-Amz-Invocation-Type"), FG_STR("RequestResponse")},
    };
    fg_arena_t *arena = run->call->arena;
    fg_str_t full = fg_variables_put(uri, run->variables.at, run->variables.count, arena);
    fg_str_t function = fg_lambda_function_of(full), endpoint = endpoint_of(run);
    if (!function.at || !endpoint.len) {
        fg_execution_log_line(&run->log, "Execution failed due to configuration error: %s",
                              !function.at ? "The URI names no Lambda function"
                                           : "No Lambda endpoint is set (--lambda-endpoint)");
        return FG_INVOKED_NOWHERE;
    }
    fg_str_t name = fg_uri_encode(function, NULL, arena);
    fg_exchange_request_t request = {
        .verb = FG_STR("POST"),
        .url = fg_invocation_text(run, "%.*s/2015-03-31/functions/%.*s/invocations",
                                  FG_STR_ARG(endpoint), FG_STR_ARG(name)),
        .headers = headers,
        .header_count = FG_COUNT_OF(headers),
        .body = payload,
        .timeout_ms = timeout_ms,
    };
    run->is_out_of_memory = run->is_out_of_memory || !full.at || !name.at;
    fg_invocation_ask(run, &request, ret_answer);
    return judge(run, ret_answer);
}
