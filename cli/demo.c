/*
 * demo - `faregate demo`: the weather API, its three plans and a key on each, and how to call it.
 */
#include "flags.h"
#include "places.h"
#include "request.h"

#include <stdio.h>

#define API_NAME "weather"
#define STAGE    "prod"

typedef struct demo {
    fg_context_t context;
    const char *data_url;
    const char *backend; /* NULL: our own MOCK */
    const char *api_id;
    fg_error_t error;
} demo_t;

/* One row a plan; nothing but the name makes it unlimited. */
static const struct {
    const char *plan;
    double rate; /* requests per second; 0: no throttle */
    int burst;
    int limit_per_day; /* 0: no quota */
} plans[] = {
    {"free", 10, 20, 100},
    {"pro", 100, 200, 10000},
    {"enterprise", 0, 0, 0},
};

/* Call an operation with `input`, which is taken over. The answer is a new reference, an empty
 * object when it had no body; NULL after an error, which is said. */
static json_t *call(demo_t *demo, const char *word, json_t *input)
{
    const fg_command_t *command = fg_command_find(word);
    fg_refusal_t refusal;
    json_t *output = NULL;

    FG_ASSERT(command);
    FG_JSON_SCOPED *taken = input;
    fg_status_t status = taken ? fg_request_send(&demo->context, command, taken, FG_STR_NONE, false,
                                                 &output, &refusal, &demo->error)
                               : fg_error_set(&demo->error, FG_NO_MEMORY, "", "out of memory");
    if (status == FG_DENIED)
        fg_say("demo: %s: %s (%s)", word, refusal.message, refusal.type);
    else if (status != FG_OK)
        fg_say("demo: %s: %s", word, demo->error.message);
    if (status != FG_OK)
        return NULL;
    return output ? output : json_object();
}

/* Call it for its effect. */
static bool act(demo_t *demo, const char *word, json_t *input)
{
    FG_JSON_SCOPED *output = call(demo, word, input);

    return output != NULL;
}

/* Call it for a member of the answer, a copy; NULL after an error. */
static const char *ask(demo_t *demo, const char *word, json_t *input, const char *member)
{
    FG_JSON_SCOPED *output = call(demo, word, input);

    return output ? fg_text_of(fg_json_str(json_object_get(output, member))) : NULL;
}

/* Where a method is, as every method operation's input begins; new reference. */
static json_t *method(const demo_t *demo, const char *resource_id)
{
    return json_pack("{s:s, s:s, s:s}", "restApiId", demo->api_id, "resourceId", resource_id,
                     "httpMethod", "GET");
}

/* `base` with `more` put in; both are taken over. */
static json_t *with(json_t *base, json_t *more)
{
    json_object_update(base, more);
    json_decref(more);
    return base;
}

static const char *make_resource(demo_t *demo, const char *parent_id, const char *part)
{
    return parent_id ? ask(demo, "create-resource",
                           json_pack("{s:s, s:s, s:s}", "restApiId", demo->api_id, "parentId",
                                     parent_id, "pathPart", part),
                           "id")
                     : NULL;
}

/* GET /status: a MOCK that wants no key. Rule K8. */
static bool make_status(demo_t *demo, const char *root_id)
{
    const char *id = make_resource(demo, root_id, "status");

    return id &&
           act(demo, "put-method",
               with(method(demo, id), json_pack("{s:s, s:b}", "authorizationType", "NONE",
                                                "apiKeyRequired", false))) &&
           act(demo, "put-integration",
               with(method(demo, id),
                    json_pack("{s:s, s:{s:s}}", "type", "MOCK", "requestTemplates",
                              "application/json", "{\"statusCode\": 200}"))) &&
           act(demo, "put-method-response",
               with(method(demo, id), json_pack("{s:s}", "statusCode", "200"))) &&
           act(demo, "put-integration-response",
               with(method(demo, id), json_pack("{s:s, s:{s:s}}", "statusCode", "200",
                                                "responseTemplates", "application/json",
                                                "{\"service\":\"weather\",\"status\":\"fine\"}")));
}

/* Our own MOCK answers whatever is asked for, so that the demo works on a machine with nothing else
 * on it. */
static json_t *proxy_to_backend(const demo_t *demo)
{
    if (!demo->backend)
        return json_pack(
            "{s:s, s:s, s:s}", "type", "HTTP_PROXY", "integrationHttpMethod", "GET", "uri",
            fg_text("%s/_aws/execute-api/%s/" STAGE "/status", demo->data_url, demo->api_id));
    return json_pack("{s:s, s:s, s:s, s:{s:s}}", "type", "HTTP_PROXY", "integrationHttpMethod",
                     "GET", "uri", fg_text("%s/{proxy}", demo->backend), "requestParameters",
                     "integration.request.path.proxy", "method.request.path.proxy");
}

/* GET /forecast/{proxy+}: an HTTP_PROXY behind a key. */
static bool make_forecast(demo_t *demo, const char *root_id)
{
    const char *id = make_resource(demo, make_resource(demo, root_id, "forecast"), "{proxy+}");

    return id &&
           act(demo, "put-method",
               with(method(demo, id),
                    json_pack("{s:s, s:b, s:{s:b}}", "authorizationType", "NONE", "apiKeyRequired",
                              true, "requestParameters", "method.request.path.proxy", true))) &&
           act(demo, "put-integration", with(method(demo, id), proxy_to_backend(demo)));
}

static bool make_api(demo_t *demo)
{
    FG_JSON_SCOPED *api =
        call(demo, "create-rest-api",
             json_pack("{s:s, s:s}", "name", API_NAME, "description", "Faregate's demo"));

    if (!api)
        return false;
    demo->api_id = fg_text_of(fg_json_str(json_object_get(api, "id")));
    const char *root_id = fg_text_of(fg_json_str(json_object_get(api, "rootResourceId")));
    return make_status(demo, root_id) && make_forecast(demo, root_id) &&
           act(demo, "create-deployment",
               json_pack("{s:s, s:s}", "restApiId", demo->api_id, "stageName", STAGE));
}

static json_t *plan_input(const demo_t *demo, size_t row)
{
    json_t *input = json_pack("{s:s, s:[{s:s, s:s}]}", "name", plans[row].plan, "apiStages",
                              "apiId", demo->api_id, "stage", STAGE);

    if (plans[row].rate > 0)
        json_object_set_new(
            input, "throttle",
            json_pack("{s:f, s:i}", "rateLimit", plans[row].rate, "burstLimit", plans[row].burst));
    if (plans[row].limit_per_day)
        json_object_set_new(
            input, "quota",
            json_pack("{s:i, s:s}", "limit", plans[row].limit_per_day, "period", "DAY"));
    return input;
}

static const char *key_name(size_t row)
{
    return fg_text("%s customer", plans[row].plan);
}

static bool make_plan(demo_t *demo, size_t row)
{
    const char *plan_id = ask(demo, "create-usage-plan", plan_input(demo, row), "id");
    const char *key_id =
        plan_id ? ask(demo, "create-api-key",
                      json_pack("{s:s, s:b}", "name", key_name(row), "enabled", true), "id")
                : NULL;

    return key_id && act(demo, "create-usage-plan-key",
                         json_pack("{s:s, s:s, s:s}", "usagePlanId", plan_id, "keyId", key_id,
                                   "keyType", "API_KEY"));
}

static bool make_all(demo_t *demo)
{
    if (!make_api(demo))
        return false;
    for (size_t i = 0; i < FG_COUNT_OF(plans); i++) {
        if (!make_plan(demo, i))
            return false;
    }
    return true;
}

/* Look whether there are APIs, and whether one of them is ours. False after an error. */
static bool look(demo_t *demo, bool *ret_is_empty)
{
    FG_JSON_SCOPED *list = call(demo, "get-rest-apis", json_pack("{s:i}", "limit", 500));
    json_t *api;
    size_t i;

    if (!list)
        return false;
    const json_t *apis = json_object_get(list, "item");
    *ret_is_empty = json_array_size(apis) == 0;
    json_array_foreach(apis, i, api)
    {
        if (fg_str_is(fg_json_str(json_object_get(api, "name")), API_NAME))
            demo->api_id = fg_text_of(fg_json_str(json_object_get(api, "id")));
    }
    return true;
}

/* The value of the first key of that name; NULL when there is none. */
static const char *key_value(demo_t *demo, const char *name)
{
    FG_JSON_SCOPED *list = call(demo, "get-api-keys",
                                json_pack("{s:s, s:b}", "nameQuery", name, "includeValues", true));
    const json_t *key = json_array_get(json_object_get(list, "item"), 0);
    fg_str_t value = fg_json_str(json_object_get(key, "value"));

    return value.at ? fg_text_of(value) : NULL;
}

static void print_calls(demo_t *demo)
{
    const char *base = fg_text("%s/_aws/execute-api/%s/" STAGE, demo->data_url, demo->api_id);

    printf("\nThe demo API '" API_NAME "' is %s.\n\nNo key needed:\n  curl %s/status\n",
           demo->api_id, base);
    for (size_t i = 0; i < FG_COUNT_OF(plans); i++) {
        const char *value = key_value(demo, key_name(i));
        const char *terms = plans[i].limit_per_day
                                ? fg_text("%d a day, %.0f requests a second, burst %d",
                                          plans[i].limit_per_day, plans[i].rate, plans[i].burst)
                                : "unlimited";
        if (value)
            printf("\nPlan %s (%s):\n  curl -H 'x-api-key: %s' %s/forecast/today\n", plans[i].plan,
                   terms, value, base);
    }
    printf("\nRefused with {\"message\":\"Forbidden\"}, for there is no key:\n"
           "  curl %s/forecast/today\n\n",
           base);
}

static bool parse(demo_t *demo, int argc, char **argv, int *ret_code)
{
    fg_wishes_t wishes = {0};
    const char *data_url = NULL;
    fg_instance_t instance = {0};
    const fg_flag_t flags[] = {
        {"--data-dir", "DIR", "of the running instance", &wishes.data_dir},
        {"--endpoint-url", "URL", "its control API; found in the data directory", &wishes.endpoint},
        {"--data-url", "URL", "its data plane; found in the data directory", &data_url},
        {"--backend", "URL", "where /forecast/... goes; the demo's own MOCK", &demo->backend},
    };
    const fg_flags_t table = {"demo", "create the demo API, its plans and keys", flags,
                              FG_COUNT_OF(flags)};

    if (!fg_flags_parse(&table, argc, argv, ret_code))
        return false;
    const char *dir = fg_place_data_dir(wishes.data_dir);
    bool is_running = dir && fg_instance_read(dir, &instance);
    demo->data_url = data_url ? data_url : is_running ? instance.data_url : "http://127.0.0.1:8080";
    if (fg_context_find(&wishes, &demo->context, &demo->error) == FG_OK)
        return true;
    *ret_code = fg_fail(FG_EXIT_FAILURE, "demo: %s", demo->error.message);
    return false;
}

int fg_demo_command(int argc, char **argv)
{
    demo_t demo = {0};
    bool is_empty;
    int code;

    if (!parse(&demo, argc, argv, &code))
        return code;
    if (!look(&demo, &is_empty) || (is_empty && !make_all(&demo)))
        return FG_EXIT_FAILURE;
    if (!demo.api_id) {
        fg_say("demo: there are APIs already, none of them called '" API_NAME
               "': nothing is created");
        return FG_EXIT_OK;
    }
    print_calls(&demo);
    return FG_EXIT_OK;
}
