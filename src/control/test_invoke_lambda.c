/*
 * AWS_PROXY and AWS, run once: to a Lambda function, the only service that is spoken here.
 */
#include "control/test_invoke.h"

#include "base/crypto.h"
#include "mapping/header_rules.h"

/* ---- refusals ---- */

/* The reason is in the log already. */
static void refuse_invoked(fg_invocation_t *run, fg_invoked_t invoked)
{
    bool is_timeout = invoked == FG_INVOKED_TIMED_OUT;
    fg_invocation_refuse(run,
                         is_timeout ? FG_GATEWAY_RESPONSE_INTEGRATION_TIMEOUT
                                    : FG_GATEWAY_RESPONSE_API_CONFIGURATION_ERROR,
                         FG_STR("Execution ended without an answer of the function"));
    if (invoked == FG_INVOKED_BROKEN || invoked == FG_INVOKED_FAILING)
        run->status = 502; /* Rule TI8 */
}

/* ---- AWS_PROXY ---- */

/* Reference 6.14: type/subtype, or type followed by a star; the star alone matches all. */
static bool is_binary(const json_t *api, fg_str_t media_type)
{
    size_t index;
    json_t *type;
    json_array_foreach(json_object_get(api, "binaryMediaTypes"), index, type)
    {
        fg_str_t text = fg_json_str(type);
        bool is_wild = text.len > 2 && text.at[text.len - 1] == '*' && text.at[0] != '*';
        if (fg_str_is(text, "*/*") || fg_str_eq_nocase(text, media_type) ||
            (is_wild && fg_str_starts_with(media_type, fg_str_of(text.at, text.len - 1))))
            return true;
    }
    return false;
}

/* Decoded only for a client whose first Accept is binary; what is no base64 then is a failure. */
static bool decode_body(fg_invocation_t *run, const fg_test_integration_t *integration,
                        fg_lambda_answer_t *answer)
{
    fg_str_t accept = fg_invocation_header(run, "Accept"), text = answer->body;
    fg_str_t first = fg_str_cut(&accept, ','), bare = fg_str_trim(fg_str_cut(&first, ';'));
    if (!answer->is_base64 || !is_binary(integration->api, bare) || !text.len)
        return true;
    size_t padding =
        (text.len > 1 && text.at[text.len - 2] == '=') + (text.at[text.len - 1] == '=');
    size_t bytes = text.len / 4 * 3 - padding;
    char *room = fg_arena_alloc(run->call->arena, bytes + 1);
    run->is_out_of_memory = run->is_out_of_memory || !room;
    if (!room || text.len % 4 != 0 || !fg_base64_decode(text, room, bytes))
        return false;
    answer->body = fg_str_of(room, bytes);
    return true;
}

static void answer_proxy(fg_invocation_t *run, const fg_test_integration_t *integration,
                         fg_str_t payload)
{
    fg_lambda_answer_t answer;
    bool has_type = false;
    if (!fg_lambda_answer_read(payload, run->call->arena, &answer) ||
        !decode_body(run, integration, &answer)) {
        fg_invocation_refuse(run, FG_GATEWAY_RESPONSE_API_CONFIGURATION_ERROR,
                             FG_STR("Execution failed due to configuration error: Malformed "
                                    "Lambda proxy response"));
        run->status = 502;
        return;
    }
    run->status = answer.status;
    run->answer_body = answer.body;
    for (size_t i = 0; i < answer.header_count; i++) {
        fg_str_t name = answer.headers[i].name;
        has_type = has_type || fg_str_eq_nocase(name, FG_STR("Content-Type"));
        if (fg_header_is_left_out(name, FG_HEADER_CUSTOM))
            continue;
        if (fg_header_is_remapped(name, FG_HEADER_CUSTOM))
            name = fg_invocation_text(run, FG_HEADER_REMAPPED "%.*s", FG_STR_ARG(name));
        fg_invocation_answer_header(run, name, answer.headers[i].value);
    }
    if (!has_type)
        fg_invocation_answer_header(run, FG_STR("Content-Type"), FG_STR("application/json"));
    fg_invocation_answer_header(run, FG_STR("X-Amzn-Trace-Id"), run->trace_id);
}

static fg_lambda_pairs_t client_headers(fg_invocation_t *run)
{
    fg_route_pair_t *at = fg_arena_alloc(run->call->arena, (run->headers.count + 1) * sizeof(*at));
    size_t count = 0;
    run->is_out_of_memory = run->is_out_of_memory || !at;
    for (size_t i = 0; at && i < run->headers.count; i++) {
        if (!fg_header_is_dropped(run->headers.at[i].name))
            at[count++] = run->headers.at[i];
    }
    return (fg_lambda_pairs_t){at, count};
}

static void run_proxy(fg_invocation_t *run, const fg_test_integration_t *integration)
{
    fg_lambda_event_t event = fg_invocation_event(run, "test-invoke-stage");
    fg_exchange_answer_t answer;
    event.headers = client_headers(run);
    FG_JSON_SCOPED *json = fg_lambda_event_new(&event);
    fg_str_t payload = json ? fg_json_render(json, run->call->arena) : FG_STR_NONE;
    run->is_out_of_memory = run->is_out_of_memory || !payload.at;
    if (run->is_out_of_memory)
        return;
    fg_invoked_t invoked =
        fg_invocation_invoke(run, integration->uri, payload, integration->timeout_ms, &answer);
    if (invoked == FG_INVOKED)
        answer_proxy(run, integration, answer.body);
    else
        refuse_invoked(run, invoked);
}

/* ---- AWS ---- */

static void run_custom(fg_invocation_t *run, const fg_test_integration_t *integration)
{
    fg_str_t payload, template;
    fg_exchange_answer_t answer;
    if (!fg_test_request_body(run, integration, &payload, &template))
        return;
    fg_invoked_t invoked =
        fg_invocation_invoke(run, integration->uri, payload, integration->timeout_ms, &answer);
    if (invoked != FG_INVOKED && invoked != FG_INVOKED_FAILING) {
        refuse_invoked(run, invoked);
        return;
    }
    fg_str_t error = fg_json_member_text(answer.body, FG_STR("errorMessage"), run->call->arena);
    fg_test_backend_t backend = {
        .subject = error.at ? error : FG_STR(""),
        .status = answer.status,
        .headers = fg_invocation_headers(run, answer.headers, answer.header_count),
        .body = answer.body,
    };
    fg_test_respond(run, integration, &backend);
    if (!run->is_refused)
        fg_invocation_answer_header(run, FG_STR("X-Amzn-Trace-Id"), run->trace_id);
}

void fg_test_lambda(fg_invocation_t *run, const fg_test_integration_t *integration)
{
    bool is_proxy = fg_str_is(integration->type, "AWS_PROXY");
    const char *reason = NULL;
    if (!fg_lambda_function_of(integration->uri).at)
        reason = "Only Lambda functions can be invoked";
    else if (!fg_str_is(fg_member_str(integration->document, "httpMethod"), "POST"))
        reason = "A Lambda function is invoked by POST"; /* reference 6.12 */
    if (reason)
        fg_invocation_refuse(
            run, FG_GATEWAY_RESPONSE_API_CONFIGURATION_ERROR,
            fg_invocation_text(run, "Execution failed due to configuration error: %s", reason));
    else if (is_proxy)
        run_proxy(run, integration);
    else
        run_custom(run, integration);
}
