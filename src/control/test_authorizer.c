/*
 * TestInvokeAuthorizer: one authorizer, asked once. Rules TI13 to TI16, reference 6.15.
 */
#include "control/authorizer.h"
#include "control/handlers.h"
#include "control/invocation.h"
#include "control/noun.h"

#include "route/pattern.h"

#define TEST_STAGE "ESTestInvoke-stage"

enum { TIMEOUT_MS = 10000 }; /* ours */

/* What is told of a run beside its log. */
typedef struct verdict {
    int status; /* clientStatus */
    fg_str_t principal_id, policy;
    json_t *context; /* owned */
} verdict_t;

static void release(verdict_t *verdict)
{
    json_decref(verdict->context);
}

static bool is_type(const json_t *authorizer, const char *type)
{
    return fg_str_is(fg_member_str(authorizer, "type"), type);
}

/* ---- identity. Rule TI13 ---- */

/* Header names are compared without case here. */
static fg_str_t identity_of(fg_invocation_t *run, fg_str_t source)
{
    static const fg_str_t header = FG_STR("method.request.header.");
    if (!fg_str_starts_with(source, header))
        return fg_invocation_evaluate(run, source);
    const char *name =
        fg_arena_text(run->call->arena, fg_str_of(source.at + header.len, source.len - header.len));
    run->is_out_of_memory = run->is_out_of_memory || !name;
    return name ? fg_invocation_header(run, name) : FG_STR_NONE;
}

static bool has_identity(fg_invocation_t *run, const json_t *authorizer)
{
    fg_str_t expression = fg_member_str(authorizer, "identityValidationExpression");
    for (fg_str_t rest = fg_member_str(authorizer, "identitySource"); rest.len;) {
        fg_str_t source = fg_str_trim(fg_str_cut(&rest, ','));
        fg_str_t identity = identity_of(run, source);
        bool is_checked = expression.len && !is_type(authorizer, "REQUEST");
        if (identity.len && (!is_checked || fg_pattern_matches(expression, identity)))
            continue;
        fg_execution_log_line(&run->log, "Unauthorized request: %.*s is missing or not valid",
                              FG_STR_ARG(source));
        return false;
    }
    return true;
}

/* ---- the question. Rule TI14 ---- */

static json_t *event_new(fg_invocation_t *run, const json_t *authorizer)
{
    const fg_call_t *call = run->call;
    fg_str_t path = run->path;
    if (path.len && path.at[0] == '/')
        path = fg_str_of(path.at + 1, path.len - 1);
    fg_str_t arn =
        fg_invocation_text(run, "arn:aws:execute-api:%s:%s:%.*s/" TEST_STAGE "/%.*s/%.*s",
                           call->control->settings.region, call->control->settings.account_id,
                           FG_STR_ARG(call->path_part[0]), FG_STR_ARG(run->verb), FG_STR_ARG(path));
    if (is_type(authorizer, "TOKEN")) {
        fg_str_t token = identity_of(run, fg_member_str(authorizer, "identitySource"));
        return json_pack("{s:s, s:s%, s:s%}", "type", "TOKEN", "methodArn", arn.at, arn.len,
                         "authorizationToken", token.at ? token.at : "", token.len);
    }
    fg_lambda_event_t event = fg_invocation_event(run, TEST_STAGE);
    event.type = "REQUEST";
    event.method_arn = arn;
    return fg_lambda_event_new(&event);
}

/* ---- the answer. Rule TI15 ---- */

/* Values are texts, numbers and truth values; told as lists of texts. */
static bool read_context(fg_invocation_t *run, json_t *context, verdict_t *verdict)
{
    const char *name;
    json_t *value;
    if (context && !json_is_null(context) && !json_is_object(context))
        return false;
    verdict->context = json_object();
    json_object_foreach(context, name, value)
    {
        if (!json_is_string(value) && !json_is_number(value) && !json_is_boolean(value))
            return false;
        fg_str_t text =
            json_is_string(value) ? fg_json_str(value) : fg_json_render(value, run->call->arena);
        json_t *list = text.at ? json_pack("[s%]", text.at, text.len) : NULL;
        if (!list || json_object_set_new(verdict->context, name, list) != 0)
            run->is_out_of_memory = true;
    }
    return true;
}

static bool read_verdict(fg_invocation_t *run, json_t *answer, verdict_t *verdict)
{
    json_t *policy = json_object_get(answer, "policyDocument");
    fg_str_t principal_id = fg_member_str(answer, "principalId");
    if (!principal_id.len || !json_is_object(policy) ||
        !json_is_array(json_object_get(policy, "Statement")) ||
        !read_context(run, json_object_get(answer, "context"), verdict))
        return false;
    verdict->status = 200;
    verdict->principal_id = fg_arena_copy(run->call->arena, principal_id);
    verdict->policy = fg_json_render(policy, run->call->arena);
    run->is_out_of_memory =
        run->is_out_of_memory || !verdict->principal_id.at || !verdict->policy.at;
    return true;
}

static void take_answer(fg_invocation_t *run, const fg_exchange_answer_t *answer,
                        verdict_t *verdict)
{
    fg_error_t error;
    FG_JSON_SCOPED *json = fg_json_parse(answer->body, &error);
    if (read_verdict(run, json, verdict)) {
        fg_execution_log_line(&run->log, "Successfully completed authorizer execution");
        return;
    }
    fg_execution_log_line(&run->log, "Execution failed due to configuration error: Invalid JSON "
                                     "in response");
    verdict->status = 500;
}

static void ask_function(fg_invocation_t *run, const json_t *authorizer, verdict_t *verdict)
{
    fg_exchange_answer_t answer;
    FG_JSON_SCOPED *event = event_new(run, authorizer);
    fg_str_t payload = event ? fg_json_render(event, run->call->arena) : FG_STR_NONE;
    run->is_out_of_memory = run->is_out_of_memory || !payload.at;
    verdict->status = 500;
    if (run->is_out_of_memory)
        return;
    fg_invoked_t invoked = fg_invocation_invoke(run, fg_member_str(authorizer, "authorizerUri"),
                                                payload, TIMEOUT_MS, &answer);
    fg_str_t error =
        invoked == FG_INVOKED_FAILING
            ? fg_json_member_text(answer.body, FG_STR("errorMessage"), run->call->arena)
            : FG_STR_NONE;
    if (invoked == FG_INVOKED)
        take_answer(run, &answer, verdict);
    else if (fg_str_is(error, "Unauthorized"))
        verdict->status = 401;
}

/* ---- the whole ---- */

static void execute(fg_invocation_t *run, const json_t *authorizer, verdict_t *verdict)
{
    fg_execution_log_line(&run->log, "Starting authorizer: %.*s for request: %.*s",
                          FG_STR_ARG(run->call->path_part[1]), FG_STR_ARG(run->call->request_id));
    if (!has_identity(run, authorizer)) {
        verdict->status = 401;
    } else if (is_type(authorizer, "COGNITO_USER_POOLS")) { /* Rule TI16 */
        fg_execution_log_line(&run->log, "Execution failed due to configuration error: Tokens of "
                                         "user pools are not verified yet");
        verdict->status = 500;
    } else {
        ask_function(run, authorizer, verdict);
    }
    fg_execution_log_line(&run->log, "Authorizer completed with status: %d", verdict->status);
}

static fg_status_t render(fg_invocation_t *run, const verdict_t *verdict)
{
    fg_call_t *call = run->call;
    fg_str_t log = fg_execution_log_text(&run->log);
    json_t *output = NULL;
    if (!run->is_out_of_memory && log.at)
        output = json_pack("{s:i, s:s%, s:I}", "clientStatus", verdict->status, "log", log.at,
                           log.len, "latency", (json_int_t)(run->latency_us / 1000));
    call->output = output;
    if (!output)
        return fg_call_no_memory(call);
    if (!verdict->policy.at)
        return FG_OK;
    bool is_set = fg_member_set_str(output, "principalId", verdict->principal_id) &&
                  fg_member_set_str(output, "policy", verdict->policy) &&
                  (json_object_size(verdict->context) == 0 ||
                   fg_member_set(output, "authorization", json_incref(verdict->context)));
    return is_set ? FG_OK : fg_call_no_memory(call);
}

fg_status_t fg_test_invoke_authorizer(fg_call_t *call)
{
    FG_JSON_SCOPED *authorizer = NULL;
    __attribute__((cleanup(release))) verdict_t verdict = {0};
    fg_invocation_t *run = fg_arena_alloc(call->arena, sizeof(*run));
    fg_status_t status = run ? fg_authorizer_load(call, &authorizer) : fg_call_no_memory(call);
    if (status == FG_OK)
        status = fg_invocation_begin(run, call, FG_STR("GET"), FG_STR_NONE, FG_STR("/"));
    if (status != FG_OK)
        return status;
    execute(run, authorizer, &verdict);
    return render(run, &verdict);
}
