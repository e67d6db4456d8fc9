/*
 * Stages compiled from documents as the control plane writes them, then opened as a worker opens
 * them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/stage.h"

#include <arpa/inet.h>
#include <ftw.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

typedef struct bench {
    char dir[64], path[96];
    fg_store_t *store;
    fg_arena_t *arena;
    fg_error_t error;
    char asked[256]; /* "host:port " of every name that was to be resolved */
} bench_t;

static void begin(bench_t *bench)
{
    memset(bench, 0, sizeof(*bench));
    strcpy(bench->dir, "/tmp/faregate-test-XXXXXX");
    assert_non_null(mkdtemp(bench->dir));
    snprintf(bench->path, sizeof(bench->path), "%s/route", bench->dir);
    fg_store_options_t options = {.data_dir = bench->dir, .random = fg_random_system()};
    assert_int_equal(fg_store_open(&options, &bench->store, &bench->error), FG_OK);
    bench->arena = fg_arena_new();
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *place)
{
    (void)info, (void)kind, (void)place;
    return remove(path);
}

static void end(bench_t *bench)
{
    fg_store_close(bench->store);
    fg_arena_free(bench->arena);
    nftw(bench->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void put(bench_t *bench, fg_document_kind_t kind, const char *id, const char *parent_id,
                const char *json)
{
    fg_document_t document = {
        kind, FG_STR("api1234567"), fg_str(id), fg_str(parent_id), fg_str(json), 0};
    assert_int_equal(fg_store_begin(bench->store, &bench->error), FG_OK);
    assert_int_equal(fg_store_document_put(bench->store, &document, &bench->error), FG_OK);
    assert_int_equal(fg_store_commit(bench->store, &bench->error), FG_OK);
}

/* One address, 192.0.2.1, for every name but `nowhere`. */
static size_t resolve(void *ctx, fg_str_t host, uint16_t port, fg_route_address_t *ret_addresses,
                      size_t room)
{
    bench_t *bench = ctx;
    size_t used = strlen(bench->asked);
    snprintf(bench->asked + used, sizeof(bench->asked) - used, "%.*s:%d ", FG_STR_ARG(host), port);
    assert_int_equal(room, FG_BACKEND_ADDRESSES_MAX);
    if (fg_str_is(host, "nowhere"))
        return 0;
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons(port)};
    addr.sin_addr.s_addr = htonl(0xc0000201);
    memcpy(&ret_addresses[0].addr, &addr, sizeof(addr));
    ret_addresses[0].bytes = sizeof(addr);
    return 1;
}

static fg_status_t compile(bench_t *bench)
{
    fg_stage_compile_t options = {
        .api_id = FG_STR("api1234567"),
        .stage_name = FG_STR("prod"),
        .stage_index = 3,
        .revision = 1,
        .region = "us-east-1",
        .account_id = "000000000000",
        .quota_exceeded_status = 403,
        .resolve = resolve,
        .resolve_ctx = bench,
    };
    return fg_stage_compile(bench->store, &options, bench->arena, bench->path, &bench->error);
}

#define STAGE(more) "{\"stageName\":\"prod\",\"deploymentId\":\"dep123\"" more "}"
#define SNAPSHOT(api, resources, responses)                                                        \
    "{\"id\":\"dep123\",\"snapshot\":{\"restApi\":{\"id\":\"api1234567\"" api                      \
    "},\"resources\":[" resources "],\"gatewayResponses\":[" responses "]}}"
#define RESOURCE(path, methods)                                                                    \
    "{\"id\":\"r\",\"path\":\"" path "\",\"resourceMethods\":{" methods "}}"
#define METHOD(verb, integration)                                                                  \
    "\"" verb "\":{\"httpMethod\":\"" verb                                                         \
    "\",\"authorizationType\":\"NONE\",\"methodIntegration\":{" integration "}}"
#define MOCK                                                                                       \
    "\"type\":\"MOCK\",\"requestTemplates\":{\"application/"                                       \
    "json\":\"{\\\"statusCode\\\":200}\"},\"integrationResponses\":{\"200\":{\"statusCode\":"      \
    "\"200\"}}"
#define PROXY(uri) "\"type\":\"HTTP_PROXY\",\"httpMethod\":\"ANY\",\"uri\":\"" uri "\""

static fg_route_t *opened(bench_t *bench, const char *stage, const char *deployment)
{
    put(bench, FG_DOCUMENT_STAGE, "prod", "dep123", stage);
    put(bench, FG_DOCUMENT_DEPLOYMENT, "dep123", "", deployment);
    if (compile(bench) != FG_OK)
        fail_msg("%s", bench->error.message);
    fg_route_t *route = NULL;
    assert_int_equal(fg_route_open(bench->path, &route, &bench->error), FG_OK);
    return route;
}

static fg_route_entry_t entry(const fg_route_t *route, const char *path, fg_verb_t verb)
{
    fg_route_match_t match;
    if (!fg_route_find(route, fg_str(path), verb, &match))
        fail_msg("no match for %s", path);
    return fg_route_entry(route, match.method_index);
}

static void assert_str(fg_str_t got, const char *want)
{
    if (!fg_str_is(got, want))
        fail_msg("got %.*s, want %s", FG_STR_ARG(got), want);
}

static void test_stage_and_api(void **state)
{
    (void)state;
    bench_t bench;
    begin(&bench);
    fg_route_t *route =
        opened(&bench, STAGE(",\"variables\":{\"a\":\"b\"}"),
               SNAPSHOT(",\"apiKeySource\":\"QUERY\",\"disableExecuteApiEndpoint\":true",
                        RESOURCE("/", METHOD("GET", MOCK)), ""));
    assert_str(fg_route_api_id(route), "api1234567");
    assert_str(fg_route_stage_name(route), "prod");
    assert_str(fg_route_deployment_id(route), "dep123");
    assert_str(fg_route_variable(route, FG_STR("a")), "b");
    assert_int_equal(fg_route_key_source(route), FG_KEY_SOURCE_QUERY); /* Rule K4 */
    assert_true(fg_route_is_execute_api_disabled(route));
    fg_route_unref(route);
    end(&bench);
}

static void test_uris(void **state)
{
    (void)state;
    static const struct {
        const char *uri;
        bool is_served, is_tls;
        const char *host;
        int port;
        const char *path;
    } rows[] = {
        {"http://backend", true, false, "backend", 80, "/"},
        {"https://backend/a/{id}?x=1", true, true, "backend", 443, "/a/{id}?x=1"},
        {"http://backend:8080/a#b", true, false, "backend", 8080, "/a"},
        {"http://backend?x=1", true, false, "backend", 80, "/?x=1"},
        {"http://[::1]:81/a", true, false, "[::1]", 81, "/a"},
        {"http://${stageVariables.host}/${stageVariables.path}", true, false, "b.example", 8443,
         "/x/y"},
        {"http://backend/a${stageVariables.missing}b", true, false, "backend", 80, "/ab"},
        {"http://backend/${stageVariables.open", true, false, "backend", 80,
         "/${stageVariables.open"},
        {"http://${stageVariables.missing}/a", false, false, "", 0, ""},
        {"http://backend:0/", false, false, "", 0, ""},
        {"http://backend:65536/", false, false, "", 0, ""},
        {"http://user@backend/", false, false, "", 0, ""},
        {"ftp://backend/", false, false, "", 0, ""},
    };
    for (size_t i = 0; i < FG_COUNT_OF(rows); i++) {
        bench_t bench;
        char deployment[1024];
        begin(&bench);
        snprintf(deployment, sizeof(deployment),
                 SNAPSHOT("", RESOURCE("/{id}", METHOD("GET", PROXY("%s"))), ""), rows[i].uri);
        fg_route_t *route =
            opened(&bench, STAGE(",\"variables\":{\"host\":\"b.example:8443\",\"path\":\"x/y\"}"),
                   deployment);
        fg_route_entry_t got = entry(route, "/7", FG_VERB_GET);
        assert_int_equal(got.kind, rows[i].is_served ? FG_INTEGRATION_HTTP_PROXY
                                                     : FG_INTEGRATION_UNSUPPORTED);
        if (rows[i].is_served) {
            assert_str(got.host, rows[i].host);
            assert_str(got.path, rows[i].path);
            assert_int_equal(got.port, rows[i].port);
            assert_int_equal(got.is_tls, rows[i].is_tls);
            assert_int_equal(got.address_count, 1);
        }
        fg_route_unref(route);
        end(&bench);
    }
}

static void test_proxy_details(void **state)
{
    (void)state;
    bench_t bench;
    begin(&bench);
    fg_route_t *route = opened(
        &bench, STAGE(""),
        SNAPSHOT(
            "",
            RESOURCE("/a",
                     METHOD("ANY",
                            PROXY("https://nowhere/x") ",\"timeoutInMillis\":1234,\"tlsConfig\":{"
                                                       "\"insecureSkipVerification\":true},"
                                                       "\"requestParameters\":{"
                                                       "\"integration.request.header.H\":\"'v'\","
                                                       "\"integration.request.path.p\":\"method."
                                                       "request.path.p\"}")),
            ""));
    fg_route_match_t match;
    assert_true(fg_route_find(route, FG_STR("/a"), FG_VERB_PUT, &match));
    fg_route_entry_t got = fg_route_entry(route, match.method_index);
    assert_int_equal(got.timeout_ms, 1234);
    assert_true(got.is_tls_unverified);
    assert_int_equal(got.address_count, 0); /* known, not resolved */
    assert_str(got.http_method, "");        /* ANY: the client's */
    assert_int_equal(got.header_parameter_count, 1);
    assert_int_equal(got.path_parameter_count, 1);
    assert_int_equal(got.query_parameter_count, 0);
    assert_str(fg_route_entry_header_parameter(route, match.method_index, 0).name, "H");
    assert_str(fg_route_entry_path_parameter(route, match.method_index, 0).value,
               "method.request.path.p");
    assert_string_equal(bench.asked, "nowhere:443 ");
    fg_route_unref(route);
    end(&bench);
}

/* Rule T2: the method's own setting, else that for all methods, else none. */
static void test_throttles(void **state)
{
    (void)state;
    static const struct {
        const char *says, *settings, *path;
        bool is_set;
        uint64_t rate_milli_rps;
        uint32_t burst;
    } rows[] = {
        {"No settings: no limit.", "", "/pets", false, 0, 0},
        {"The setting for all.", "\"*/*\":{\"throttlingRateLimit\":2.5,\"throttlingBurstLimit\":4}",
         "/pets", true, 2500, 4},
        {"Its own wins.",
         "\"*/*\":{\"throttlingRateLimit\":2.5,\"throttlingBurstLimit\":4},"
         "\"pets/GET\":{\"throttlingRateLimit\":1.0,\"throttlingBurstLimit\":2}",
         "/pets", true, 1000, 2},
        {"Slashes may be escaped.",
         "\"~1pets~1{id}/GET\":{\"throttlingRateLimit\":1.0,\"throttlingBurstLimit\":2}", "/pets/1",
         true, 1000, 2},
        {"The root is a slash alone.",
         "\"~1/GET\":{\"throttlingRateLimit\":1.0,\"throttlingBurstLimit\":2}", "/", true, 1000, 2},
        {"Another verb's is not ours.",
         "\"pets/PUT\":{\"throttlingRateLimit\":1.0,\"throttlingBurstLimit\":2}", "/pets", false, 0,
         0},
        {"-1 is no limit, even under one for all.",
         "\"*/*\":{\"throttlingRateLimit\":2.5,\"throttlingBurstLimit\":4},"
         "\"pets/GET\":{\"throttlingRateLimit\":-1.0,\"throttlingBurstLimit\":-1}",
         "/pets", false, 0, 0},
        {"0 blocks everything.",
         "\"pets/GET\":{\"throttlingRateLimit\":0.0,\"throttlingBurstLimit\":0}", "/pets", true, 0,
         0},
    };
    for (size_t i = 0; i < FG_COUNT_OF(rows); i++) {
        bench_t bench;
        char stage[1024];
        begin(&bench);
        snprintf(stage, sizeof(stage), STAGE(",\"methodSettings\":{%s}"), rows[i].settings);
        fg_route_t *route =
            opened(&bench, stage,
                   SNAPSHOT("",
                            RESOURCE("/", METHOD("GET", MOCK)) "," RESOURCE(
                                "/pets", METHOD("GET", MOCK)) "," RESOURCE("/pets/{id}",
                                                                           METHOD("GET", MOCK)),
                            ""));
        fg_throttle_t got = entry(route, rows[i].path, FG_VERB_GET).throttle;
        if (got.is_set != rows[i].is_set || got.rate_milli_rps != rows[i].rate_milli_rps ||
            got.burst != rows[i].burst)
            fail_msg("%s", rows[i].says);
        fg_route_unref(route);
        end(&bench);
    }
}

static void test_mock(void **state)
{
    (void)state;
    bench_t bench;
    begin(&bench);
    fg_route_t *route = opened(
        &bench, STAGE(",\"variables\":{\"v\":\"w\"}"),
        SNAPSHOT(
            "",
            RESOURCE(
                "/m",
                METHOD(
                    "GET",
                    "\"type\":\"MOCK\",\"requestTemplates\":{\"application/"
                    "json\":\"{\\\"statusCode\\\":418}\"},"
                    "\"integrationResponses\":{\"200\":{\"statusCode\":\"200\"},\"404\":{"
                    "\"statusCode\":\"404\","
                    "\"selectionPattern\":\"4..\",\"responseParameters\":{"
                    "\"method.response.header.X\":\"'x'\",\"method.response.header.V\":"
                    "\"stageVariables.v\","
                    "\"method.response.header.Z\":\"integration.response.header.z\"},"
                    "\"responseTemplates\":{\"application/json\":\"tea\",\"text/plain\":null}}}")),
            ""));
    fg_route_match_t match;
    assert_true(fg_route_find(route, FG_STR("/m"), FG_VERB_GET, &match));
    fg_route_mock_t mock = fg_route_mock(route, match.method_index, FG_STR_NONE, FG_STR_NONE);
    assert_true(mock.is_configured);
    assert_int_equal(mock.status, 404); /* chosen by its pattern */
    assert_str(mock.body, "tea");
    assert_int_equal(mock.header_count, 2); /* what is not static is left out */
    assert_str(fg_route_mock_header(route, match.method_index, mock.answer_index, 0).value, "x");
    assert_str(fg_route_mock_header(route, match.method_index, mock.answer_index, 1).value, "w");
    fg_route_unref(route);
    end(&bench);
}

/* Never an open door. */
static void test_what_is_not_served(void **state)
{
    (void)state;
    bench_t bench;
    begin(&bench);
    fg_route_t *route = opened(
        &bench, STAGE(""),
        SNAPSHOT("",
                 RESOURCE("/a", "\"GET\":{\"authorizationType\":\"AWS_IAM\",\"apiKeyRequired\":"
                                "true,\"methodIntegration\":{" MOCK "}},"
                                "\"PUT\":{\"methodIntegration\":{" MOCK
                                "}}," METHOD("POST", "\"type\":\"AWS_PROXY\",\"uri\":\"arn:x\"")),
                 ""));
    assert_true(entry(route, "/a", FG_VERB_GET).is_denied);
    assert_true(entry(route, "/a", FG_VERB_GET).is_key_required);
    assert_true(entry(route, "/a", FG_VERB_PUT).is_denied); /* no authorizationType at all */
    assert_false(entry(route, "/a", FG_VERB_POST).is_denied);
    assert_false(entry(route, "/a", FG_VERB_POST).is_key_required); /* Rule K8 */
    assert_int_equal(entry(route, "/a", FG_VERB_POST).kind, FG_INTEGRATION_UNSUPPORTED);
    fg_route_unref(route);
    end(&bench);
}

static void test_method_ids(void **state)
{
    (void)state;
    bench_t bench;
    begin(&bench);
    const char *deployment =
        SNAPSHOT("", RESOURCE("/a", METHOD("GET", MOCK) "," METHOD("PUT", MOCK)), "");
    fg_route_t *route = opened(&bench, STAGE(""), deployment);
    uint64_t id = entry(route, "/a", FG_VERB_GET).method_id;
    assert_true(id != 0);
    assert_true(id != entry(route, "/a", FG_VERB_PUT).method_id);
    fg_route_unref(route);
    route = opened(
        &bench, STAGE(""),
        SNAPSHOT("", RESOURCE("/b", METHOD("GET", MOCK)) "," RESOURCE("/a", METHOD("GET", MOCK)),
                 ""));
    assert_true(id == entry(route, "/a", FG_VERB_GET).method_id); /* the same in every deployment */
    assert_true(id != entry(route, "/b", FG_VERB_GET).method_id);
    fg_route_unref(route);
    end(&bench);
}

static void test_gateway_responses(void **state)
{
    (void)state;
    bench_t bench;
    begin(&bench);
    fg_route_t *route = opened(
        &bench, STAGE(""),
        SNAPSHOT(
            "", RESOURCE("/a", METHOD("GET", MOCK)),
            "{\"responseType\":\"QUOTA_EXCEEDED\",\"statusCode\":\"429\",\"responseParameters\":{"
            "\"gatewayresponse.header.H\":\"'h'\"},\"responseTemplates\":{\"application/"
            "json\":\"t\"}}"));
    fg_route_refusal_t refusal =
        fg_route_refusal(route, FG_GATEWAY_RESPONSE_QUOTA_EXCEEDED, FG_STR_NONE);
    assert_int_equal(refusal.status, 429); /* Rule Q2: customised */
    assert_str(refusal.template_text, "t");
    assert_int_equal(refusal.header_count, 1);
    fg_route_pair_t header = fg_route_refusal_header(route, refusal.response_index, 0);
    assert_str(header.name, "H");
    assert_str(header.value, "'h'"); /* Rule GR9: an expression */
    refusal = fg_route_refusal(route, FG_GATEWAY_RESPONSE_THROTTLED, FG_STR_NONE);
    assert_int_equal(refusal.status, 429);
    assert_int_equal(refusal.response_index, FG_ROUTE_BUILT_IN);
    fg_route_unref(route);
    end(&bench);
}

static void test_failures(void **state)
{
    (void)state;
    bench_t bench;
    begin(&bench);
    assert_int_equal(compile(&bench), FG_NOT_FOUND); /* no stage */
    put(&bench, FG_DOCUMENT_STAGE, "prod", "dep123", STAGE(""));
    assert_int_equal(compile(&bench), FG_NOT_FOUND); /* no deployment */
    put(&bench, FG_DOCUMENT_DEPLOYMENT, "dep123", "", "{");
    assert_int_equal(compile(&bench), FG_CORRUPT);
    assert_int_not_equal(access(bench.path, F_OK), 0); /* nothing was written */
    put(&bench, FG_DOCUMENT_DEPLOYMENT, "dep123", "",
        SNAPSHOT("", RESOURCE("/", METHOD("GET", MOCK)), ""));
    fg_status_t status = FG_NO_MEMORY;
    int64_t allowed = 0;
    for (; status != FG_OK && allowed < 1000; allowed++) { /* every allocation that may fail */
        fg_arena_reset(bench.arena);
        fg_arena_fail_after(bench.arena, allowed);
        status = compile(&bench);
    }
    assert_int_equal(status, FG_OK);
    assert_true(allowed > 3);
    end(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stage_and_api), cmocka_unit_test(test_uris),
        cmocka_unit_test(test_proxy_details), cmocka_unit_test(test_throttles),
        cmocka_unit_test(test_mock),          cmocka_unit_test(test_what_is_not_served),
        cmocka_unit_test(test_method_ids),    cmocka_unit_test(test_gateway_responses),
        cmocka_unit_test(test_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
