/*
 * Rule 6.8 and Q2: which gateway response is in force.
 */
#include "route/route_support.h"

static const fg_route_pair_t json[] = {{FG_STR("application/json"), FG_STR("{\"own\":1}")}};
static const fg_route_pair_t xml_first[] = {{FG_STR("text/xml"), FG_STR("<own/>")},
                                            {FG_STR("application/json"), FG_STR("{\"own\":2}")}};
static const fg_route_pair_t cors[] = {{FG_STR("Access-Control-Allow-Origin"), FG_STR("'*'")}};

#define TYPE(name) FG_GATEWAY_RESPONSE_##name
#define BUILT_IN   "{\"message\":$context.error.messageString}"

static const fg_route_gateway_response_t own_throttled = {
    .type = TYPE(THROTTLED), .status = 420, .templates = json, .template_count = 1};
static const fg_route_gateway_response_t own_quota = {.type = TYPE(QUOTA_EXCEEDED)};
static const fg_route_gateway_response_t default_4xx = {.type = TYPE(DEFAULT_4XX),
                                                        .status = 418,
                                                        .templates = xml_first,
                                                        .template_count = 2,
                                                        .headers = cors,
                                                        .header_count = 1};
static const fg_route_gateway_response_t default_4xx_bare = {
    .type = TYPE(DEFAULT_4XX), .headers = cors, .header_count = 1};
static const fg_route_gateway_response_t default_5xx = {
    .type = TYPE(DEFAULT_5XX), .status = 599, .templates = json, .template_count = 1};

static const struct {
    const fg_route_gateway_response_t *responses[2];
    fg_gateway_response_type_t type;
    const char *accept;
    int status;
    const char *content_type, *text;
    size_t header_count;
} rows[] = {
    /* nothing customised: built in */
    {{0}, TYPE(THROTTLED), NULL, 429, "application/json", BUILT_IN, 0},
    {{0}, TYPE(INVALID_API_KEY), "text/xml", 403, "application/json", BUILT_IN, 0},
    {{0},
     TYPE(ACCESS_DENIED),
     NULL,
     403,
     "application/json",
     "{\"Message\":$context.error.messageString}",
     0},
    {{0},
     TYPE(API_CONFIGURATION_ERROR),
     NULL,
     500,
     "application/json",
     "{\"message\": $context.error.messageString}",
     0},
    /* Q2: over quota is 403 or what the operator set; the table says 403 here */
    {{0}, TYPE(QUOTA_EXCEEDED), NULL, 403, "application/json", BUILT_IN, 0},
    /* Q2: customised without a status it is the service's 429 */
    {{&own_quota}, TYPE(QUOTA_EXCEEDED), NULL, 429, "application/json", BUILT_IN, 0},
    /* its own beats the DEFAULT and inherits nothing from it */
    {{&own_throttled, &default_4xx},
     TYPE(THROTTLED),
     "text/xml",
     420,
     "application/json",
     "{\"own\":1}",
     0},
    {{&own_quota, &default_4xx}, TYPE(QUOTA_EXCEEDED), NULL, 429, "application/json", BUILT_IN, 0},
    /* the DEFAULT of the class, with its status, headers and templates */
    {{&default_4xx}, TYPE(INVALID_API_KEY), NULL, 418, "application/json", "{\"own\":2}", 1},
    {{&default_4xx}, TYPE(INVALID_API_KEY), "text/xml", 418, "text/xml", "<own/>", 1},
    {{&default_4xx}, TYPE(QUOTA_EXCEEDED), NULL, 418, "application/json", "{\"own\":2}", 1},
    {{&default_5xx, &default_4xx},
     TYPE(INTEGRATION_TIMEOUT),
     NULL,
     599,
     "application/json",
     "{\"own\":1}",
     0},
    /* the other class is untouched */
    {{&default_5xx}, TYPE(THROTTLED), NULL, 429, "application/json", BUILT_IN, 0},
    {{&default_4xx},
     TYPE(API_CONFIGURATION_ERROR),
     NULL,
     500,
     "application/json",
     "{\"message\": $context.error.messageString}",
     0},
    /* a DEFAULT without a status keeps the type's */
    {{&default_4xx_bare}, TYPE(UNAUTHORIZED), NULL, 401, "application/json", BUILT_IN, 1},
    {{&default_4xx_bare}, TYPE(QUOTA_EXCEEDED), NULL, 403, "application/json", BUILT_IN, 1},
};

static void test_response_in_force(void **state)
{
    (void)state;
    for (size_t i = 0; i < FG_COUNT_OF(rows); i++) {
        fg_route_gateway_response_t responses[2];
        fg_arena_t *arena = fg_arena_new();
        fg_route_source_t source = source_of(NULL, 0);
        source.gateway_responses = responses;
        for (size_t j = 0; j < 2 && rows[i].responses[j] != NULL; j++)
            responses[source.gateway_response_count++] = *rows[i].responses[j];
        fg_route_t *route = route_of(&source, arena);
        fg_route_refusal_t refusal = fg_route_refusal(route, rows[i].type, fg_str(rows[i].accept));
        if (refusal.status != rows[i].status || refusal.header_count != rows[i].header_count)
            fail_msg("row %zu: status %d, %zu headers", i, refusal.status, refusal.header_count);
        ASSERT_STR(refusal.content_type, rows[i].content_type);
        ASSERT_STR(refusal.template_text, rows[i].text);
        if (rows[i].responses[0] == NULL)
            assert_int_equal(refusal.response_index, FG_ROUTE_BUILT_IN);
        for (size_t j = 0; j < refusal.header_count; j++)
            ASSERT_STR(fg_route_refusal_header(route, refusal.response_index, j).value, "'*'");
        fg_route_unref(route);
        fg_arena_free(arena);
    }
}

static void test_quota_exceeded_status_is_the_operators(void **state)
{
    (void)state;
    static const int statuses[] = {403, 429};
    for (size_t i = 0; i < FG_COUNT_OF(statuses); i++) {
        fg_arena_t *arena = fg_arena_new();
        fg_route_source_t source = source_of(NULL, 0);
        source.quota_exceeded_status = statuses[i];
        fg_route_t *route = route_of(&source, arena);
        assert_int_equal(fg_route_refusal(route, TYPE(QUOTA_EXCEEDED), FG_STR_NONE).status,
                         statuses[i]);
        fg_route_unref(route);
        fg_arena_free(arena);
    }
}

static void test_without_a_route_it_is_built_in(void **state)
{
    (void)state;
    fg_route_refusal_t refusal = fg_route_refusal(NULL, TYPE(INVALID_API_KEY), FG_STR_NONE);
    assert_int_equal(refusal.status, 403);
    ASSERT_STR(refusal.template_text, BUILT_IN);
    assert_int_equal(refusal.response_index, FG_ROUTE_BUILT_IN);
    assert_int_equal(fg_route_refusal(NULL, TYPE(QUOTA_EXCEEDED), FG_STR_NONE).status, 429);
}

static void test_list_columns(void **state)
{
    (void)state;
    assert_int_equal(FG_GATEWAY_RESPONSE_COUNT, 21);
    assert_string_equal(fg_gateway_response_name(TYPE(QUOTA_EXCEEDED)), "QUOTA_EXCEEDED");
    assert_string_equal(fg_gateway_response_message(TYPE(QUOTA_EXCEEDED)), "Limit Exceeded");
    assert_string_equal(fg_gateway_response_error_type(TYPE(QUOTA_EXCEEDED)),
                        "LimitExceededException");
    assert_null(fg_gateway_response_message(TYPE(DEFAULT_4XX)));
    assert_int_equal(fg_gateway_response_status(TYPE(DEFAULT_5XX)), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_response_in_force),
        cmocka_unit_test(test_quota_exceeded_status_is_the_operators),
        cmocka_unit_test(test_without_a_route_it_is_built_in),
        cmocka_unit_test(test_list_columns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
