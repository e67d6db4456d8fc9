/*
 * Rules 6.9 to 6.11: what a MOCK answers.
 */
#include "route/route_support.h"

static void test_status_code_is_read_leniently(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int code;
    } rows[] = {
        {"{\"statusCode\": 200}", 200},
        {"{statusCode: 200}", 200},                         /* quotes are optional */
        {"{'statusCode':404}", 404},                        /* single ones do */
        {"{\"statusCode\": \"503\"}", 503},                 /* a quoted number counts */
        {"hello {\"a\":1, \"statusCode\"\n:\t201, }", 201}, /* whatever stands around */
        {"{\"statusCode\": 2000}", 0},                      /* no status */
        {"{\"statusCode\": 20}", 0},
        {"{\"statusCode\": 200.5}", 0}, /* no integer */
        {"{\"statusCode\": 200x}", 0},
        {"{\"statusCode\": -200}", 0},
        {"{\"statusCode\": null}", 0},
        {"{\"myStatusCode\": 200}", 0}, /* another member */
        {"{\"mystatusCode\": 200}", 0},
        {"{\"statusCodes\": 200}", 0},
        {"{\"statusCode\": x, \"statusCode\": 204}", 204}, /* the first that has one */
        {"statusCode", 0},
        {"statusCode:", 0},
        {"statusCode:2", 0},
        {"", 0},
    };
    for (size_t i = 0; i < FG_COUNT_OF(rows); i++) {
        if (fg_template_status_code(fg_str(rows[i].text)) != rows[i].code)
            fail_msg("%s: got %d", rows[i].text, fg_template_status_code(fg_str(rows[i].text)));
    }
}

static void test_template_language_is_noticed(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool is_static;
    } rows[] = {
        {"{\"price\": \"$5 or 5$\", \"color\": \"#fff\"}", true},
        {"", true},
        {"$", true},
        {"#", true},
        {"#settle", true}, /* a word that only starts like a directive */
        {"$input.body", false},
        {"${context.stage}", false},
        {"$!x", false},
        {"#set($a = 1)", false},
        {"#if(true)#end", false},
        {"#foreach", false},
        {"## a comment", false},
        {"#* a comment *#", false},
        {"#{if}", false},
    };
    for (size_t i = 0; i < FG_COUNT_OF(rows); i++) {
        if (fg_template_is_static(fg_str(rows[i].text)) != rows[i].is_static)
            fail_msg("%s", rows[i].text);
    }
}

static void test_patterns_match_the_whole_text(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *text;
        bool does_match;
    } rows[] = {
        {"200", "200", true},
        {"20", "200", false},
        {"00", "200", false},
        {"2\\d{2}", "204", true},
        {"2\\d{2}", "404", false},
        {"[45][\\d]+", "503", true},
        {"4..|5..", "503", true},
        {"4|503", "503", true},
        {"4|50", "503", false},
        {"(?:4|5)\\d\\d", "404", true},
        {"\\D+", "404", false},
        {".*", "404", true},
        {".*", "", true},
        {"", "200", false},
        {"(", "200", false},
        {"[", "200", false},
        {"\\", "200", false},
        {"-", "200", false},
        {".*[Nn]ot found.*", "cat not found!", true},
        {"Bearer\\s[\\w.-]+", "Bearer a_b.c-d", true},
        {"Bearer\\s[\\w.-]+", "Basic YTpi", false},
        {"\\w+[\\s]\\w+", "one two", true},
    };
    for (size_t i = 0; i < FG_COUNT_OF(rows); i++) {
        if (fg_pattern_matches(fg_str(rows[i].pattern), fg_str(rows[i].text)) != rows[i].does_match)
            fail_msg("%s on %s", rows[i].pattern, rows[i].text);
    }
    static char longest[FG_PATTERN_BYTES_MAX + 1];
    memset(longest, '2', sizeof(longest));
    memcpy(longest, "200|", 4);
    assert_true(fg_pattern_matches(fg_str_of(longest, FG_PATTERN_BYTES_MAX), FG_STR("200")));
    assert_false(fg_pattern_matches(fg_str_of(longest, sizeof(longest)), FG_STR("200")));
    assert_true(fg_pattern_is_good(FG_STR("^Bearer .*$")));
    assert_false(fg_pattern_is_good(FG_STR("(")));
}

/* ---- whole answers ---- */

static const fg_route_pair_t requests[] = {
    {FG_STR("application/json"), FG_STR("{statusCode: 200}")},
    {FG_STR("text/plain"), FG_STR("statusCode: 404")},
    {FG_STR("text/none"), FG_STR("nothing here")},
    {FG_STR("text/vtl"), FG_STR("#set($s=200){statusCode: 200}")},
    {FG_STR("text/odd"), FG_STR("statusCode: 302")},
};
static const fg_route_pair_t with_default[] = {
    {FG_STR("$default"), FG_STR("statusCode: 404")},
};
static const fg_route_pair_t bodies[] = {
    {FG_STR("text/xml"), FG_STR("<ok/>")},
    {FG_STR("application/json"), FG_STR("{\"ok\":true}")},
    {FG_STR("text/vtl"), FG_STR("$input.body")},
};
static const fg_route_pair_t headers[] = {
    {FG_STR("Access-Control-Allow-Origin"), FG_STR("*")},
    {FG_STR("X-Two"), FG_STR("2")},
};
static const fg_route_answer_t answers[] = {
    {.pattern = FG_STR("4\\d{2}"), .status = 404, .templates = bodies, .template_count = 1},
    {.pattern = FG_STR("404"), .status = 410},
    {.pattern = FG_STR("2.."),
     .status = 201,
     .templates = bodies,
     .template_count = 3,
     .headers = headers,
     .header_count = 2},
};
static const fg_route_answer_t answers_with_default[] = {
    {.pattern = FG_STR(""), .status = 299},
    {.pattern = FG_STR("404"), .status = 404},
};

typedef struct row {
    const char *content_type, *accept;
    int status; /* 0: not configured, 415: unsupported */
    const char *type, *body;
} row_t;

static void check_rows(const fg_route_integration_t *integration, const row_t *rows, size_t count)
{
    fg_arena_t *arena = fg_arena_new();
    fg_route_method_t method = method_of_path("/m", FG_VERB_GET);
    method.integration = *integration;
    method.integration.kind = FG_INTEGRATION_MOCK;
    fg_route_source_t source = source_of(&method, 1);
    fg_route_t *route = route_of(&source, arena);
    for (size_t i = 0; i < count; i++) {
        fg_route_mock_t mock =
            fg_route_mock(route, 0, fg_str(rows[i].content_type), fg_str(rows[i].accept));
        int status = mock.is_unsupported_media_type ? 415 : mock.is_configured ? mock.status : 0;
        if (status != rows[i].status)
            fail_msg("row %zu: got %d, want %d", i, status, rows[i].status);
        if (status == 0 || status == 415)
            continue;
        ASSERT_STR(mock.content_type, rows[i].type);
        ASSERT_STR(mock.body, rows[i].body);
    }
    fg_route_unref(route);
    fg_arena_free(arena);
}

static void test_answers_are_selected(void **state)
{
    (void)state;
    static const row_t rows[] = {
        /* no content type is application/json */
        {NULL, NULL, 201, "application/json", "{\"ok\":true}"},
        {"application/json; charset=utf-8", "*/*", 201, "application/json", "{\"ok\":true}"},
        {"Application/JSON", "text/html, text/xml;q=0.9", 201, "text/xml", "<ok/>"},
        /* the first pattern that matches; no JSON among its templates: the first one */
        {"text/plain", "image/png", 404, "text/xml", "<ok/>"},
        /* no statusCode, template language in either template, nothing selected: 500 */
        {"text/none", NULL, 0, NULL, NULL},
        {"text/vtl", NULL, 0, NULL, NULL},
        {NULL, "text/vtl", 0, NULL, NULL},
        {"text/odd", NULL, 0, NULL, NULL},
        /* no template for the type: the body would pass, and holds no statusCode */
        {"image/png", NULL, 0, NULL, NULL},
    };
    fg_route_integration_t integration = {.request_templates = requests,
                                          .request_template_count = FG_COUNT_OF(requests),
                                          .answers = answers,
                                          .answer_count = FG_COUNT_OF(answers)};
    check_rows(&integration, rows, FG_COUNT_OF(rows));
}

static void test_default_answer_and_default_template(void **state)
{
    (void)state;
    static const row_t rows[] = {
        /* a pattern beats the default though it stands behind; no template: empty body of
           application/json */
        {"image/png", NULL, 404, "application/json", ""},
        {NULL, "text/xml", 404, "application/json", ""},
    };
    static const row_t fallback[] = {{NULL, NULL, 299, "application/json", ""}};
    fg_route_integration_t integration = {.request_templates = with_default,
                                          .request_template_count = 1,
                                          .answers = answers_with_default,
                                          .answer_count = 2};
    check_rows(&integration, rows, FG_COUNT_OF(rows));
    integration.request_templates = requests;
    check_rows(&integration, fallback, 1);
}

static void test_passthrough_behaviour(void **state)
{
    (void)state;
    static const struct {
        int behaviour;
        size_t templates;
        int status;
    } rows[] = {
        {FG_PASSTHROUGH_WHEN_NO_MATCH, 1, 0},
        {FG_PASSTHROUGH_WHEN_NO_MATCH, 0, 0},
        {FG_PASSTHROUGH_WHEN_NO_TEMPLATES, 1, 415},
        {FG_PASSTHROUGH_WHEN_NO_TEMPLATES, 0, 0},
        {FG_PASSTHROUGH_NEVER, 1, 415},
        {FG_PASSTHROUGH_NEVER, 0, 415},
    };
    for (size_t i = 0; i < FG_COUNT_OF(rows); i++) {
        row_t unmatched = {"image/png", NULL, rows[i].status, NULL, NULL};
        row_t matched = {NULL, NULL, 201, "application/json", "{\"ok\":true}"};
        fg_route_integration_t integration = {.request_templates = requests,
                                              .request_template_count = rows[i].templates,
                                              .passthrough = rows[i].behaviour,
                                              .answers = answers,
                                              .answer_count = FG_COUNT_OF(answers)};
        check_rows(&integration, &unmatched, 1);
        if (rows[i].templates > 0)
            check_rows(&integration, &matched, 1);
    }
}

static void test_headers_come_with_the_answer(void **state)
{
    (void)state;
    fg_arena_t *arena = fg_arena_new();
    fg_route_method_t method = method_of_path("/m", FG_VERB_GET);
    method.integration = (fg_route_integration_t){.kind = FG_INTEGRATION_MOCK,
                                                  .request_templates = requests,
                                                  .request_template_count = 1,
                                                  .answers = answers,
                                                  .answer_count = FG_COUNT_OF(answers)};
    fg_route_source_t source = source_of(&method, 1);
    fg_route_t *route = route_of(&source, arena);
    fg_route_mock_t mock = fg_route_mock(route, 0, FG_STR_NONE, FG_STR_NONE);
    assert_int_equal(mock.header_count, 2);
    ASSERT_STR(fg_route_mock_header(route, 0, mock.answer_index, 0).name,
               "Access-Control-Allow-Origin");
    ASSERT_STR(fg_route_mock_header(route, 0, mock.answer_index, 1).value, "2");
    fg_route_unref(route);
    fg_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_status_code_is_read_leniently),
        cmocka_unit_test(test_template_language_is_noticed),
        cmocka_unit_test(test_patterns_match_the_whole_text),
        cmocka_unit_test(test_answers_are_selected),
        cmocka_unit_test(test_default_answer_and_default_template),
        cmocka_unit_test(test_passthrough_behaviour),
        cmocka_unit_test(test_headers_come_with_the_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
