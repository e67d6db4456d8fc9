/*
 * Rule 6.8 (templates of gateway responses) and 6.9 (source expressions).
 */
#include "mapping/template.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static fg_str_t lookup(void *ctx, fg_str_t name)
{
    static const char *const values[][2] = {
        {"context.error.message", "Limit \"Exceeded\"\\\n\x01/é"},
        {"context.error.responseType", "QUOTA_EXCEEDED"},
        {"context.requestId", "r-1"},
        {"context.stage", "prod"},
        {"context.identity.sourceIp", "10.0.0.1"},
        {"stageVariables.lang", "en"},
        {"stageVariables.empty", ""},
        {"method.request.header.X-Tenant", "acme"},
        {"method.request.querystring.q", "a%20b"},
        {"method.request.path.id", "7"},
    };
    bool has_message = ctx != NULL;
    for (size_t i = has_message ? 0 : 1; i < FG_COUNT_OF(values); i++) {
        if (fg_str_is(name, values[i][0]))
            return fg_str(values[i][1]);
    }
    return FG_STR_NONE;
}

static int with_message;
static const fg_mapping_source_t source = {lookup, &with_message};
static const fg_mapping_source_t source_without_message = {lookup, NULL};

static const struct {
    const char *text, *rendered;
} rows[] = {
    /* the message bare, and quoted and escaped */
    {"$context.error.message", "Limit \"Exceeded\"\\\n\x01/é"},
    {"{\"message\":$context.error.messageString}",
     "{\"message\":\"Limit \\\"Exceeded\\\"\\\\\\n\\u0001/é\"}"},
    {"${context.error.responseType}", "QUOTA_EXCEEDED"},
    /* references end where their name does */
    {"id=$context.requestId, stage=$context.stage.", "id=r-1, stage=prod."},
    {"$context.identity.sourceIp/24", "10.0.0.1/24"},
    {"${context.stage}ion", "prodion"},
    {"$stageVariables.lang$stageVariables.lang", "enen"},
    /* missing is empty */
    {"[$context.nothing][$stageVariables.none][${stageVariables.empty}][$method.request.header."
     "None]",
     "[][][][]"},
    {"$context.error.validationErrorString", ""},
    /* request parameters, with and without a dollar */
    {"$method.request.header.X-Tenant", "acme"},
    {"method.request.header.X-Tenant;${method.request.querystring.q};method.request.path.id",
     "acme;a%20b;7"},
    /* a word that only ends like one is text */
    {"amethod.request.path.id x.method.request.path.id",
     "amethod.request.path.id x.method.request.path.id"},
    {"context.stage stageVariables.lang", "context.stage stageVariables.lang"},
    /* what is no reference stays */
    {"$", "$"},
    {"$$", "$$"},
    {"$5 $input.body ${unclosed $context. $context $stageVariables.",
     "$5 $input.body ${unclosed $context. $context $stageVariables."},
    {"${context.stage", "${context.stage"},
    {"${context.stage oops}", "${context.stage oops}"},
    {"method.request.body", "method.request.body"},
    {"m", "m"},
    {"", ""},
};

static void test_references_are_replaced(void **state)
{
    (void)state;
    for (size_t i = 0; i < FG_COUNT_OF(rows); i++) {
        char rendered[512];
        size_t len = fg_mapping_render(fg_str(rows[i].text), &source, rendered, sizeof(rendered));
        if (!fg_str_is(fg_str_of(rendered, len), rows[i].rendered))
            fail_msg("%s: got %.*s", rows[i].text, (int)len, rendered);
    }
}

static void test_no_message_is_null(void **state)
{
    (void)state;
    char rendered[64];
    fg_str_t text = FG_STR("{\"message\":$context.error.messageString}[$context.error.message]");
    size_t len = fg_mapping_render(text, &source_without_message, rendered, sizeof(rendered));
    assert_true(fg_str_is(fg_str_of(rendered, len), "{\"message\":null}[]"));
}

static fg_str_t internal_error(void *ctx, fg_str_t name)
{
    (void)ctx;
    return fg_str_is(name, "context.error.message") ? FG_STR("Internal server error") : FG_STR_NONE;
}

/* The built-in 500 is 36 bytes. */
static void test_built_in_500_to_the_byte(void **state)
{
    (void)state;
    const fg_mapping_source_t internal = {internal_error, NULL};
    char rendered[64];
    size_t len = fg_mapping_render(FG_STR("{\"message\": $context.error.messageString}"), &internal,
                                   rendered, 64);
    assert_int_equal(len, 36);
    assert_true(fg_str_is(fg_str_of(rendered, len), "{\"message\": \"Internal server error\"}"));
}

static void test_a_buffer_too_small_is_told_and_kept(void **state)
{
    (void)state;
    fg_str_t text = FG_STR("$context.requestId-$context.error.messageString");
    size_t need = fg_mapping_render(text, &source, NULL, 0);
    for (size_t room = 0; room <= need; room++) {
        char *exact = malloc(room + 1);
        assert_non_null(exact);
        exact[room] = '#';
        assert_int_equal(fg_mapping_render(text, &source, exact, room), need);
        assert_int_equal(exact[room], '#');
        free(exact);
    }
}

static void test_expressions(void **state)
{
    (void)state;
    static const struct {
        const char *expression, *value;
        bool is_encoded;
    } expressions[] = {
        {"'static'", "static", true},
        {"''", "", true},
        {"'it's'", "it's", true},
        {"method.request.path.id", "7", true},
        {"method.request.querystring.q", "a%20b", true},
        {"method.request.header.X-Tenant", "acme", false},
        {"context.stage", "prod", false},
        {"stageVariables.lang", "en", false},
        {"stageVariables.none", NULL, false},
        {"method.request.body", NULL, false},
        {"method.request.header.", NULL, false},
        {"integration.response.header.X", NULL, false},
        {"'", NULL, false},
        {"", NULL, false},
    };
    for (size_t i = 0; i < FG_COUNT_OF(expressions); i++) {
        fg_str_t expression = fg_str(expressions[i].expression);
        fg_str_t value = fg_mapping_evaluate(expression, &source);
        if ((value.at == NULL) != (expressions[i].value == NULL) ||
            !fg_str_is(value, expressions[i].value))
            fail_msg("%s: got %.*s", expressions[i].expression, FG_STR_ARG(value));
        assert_int_equal(fg_mapping_is_encoded(expression), expressions[i].is_encoded);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_references_are_replaced),
        cmocka_unit_test(test_no_message_is_null),
        cmocka_unit_test(test_built_in_500_to_the_byte),
        cmocka_unit_test(test_a_buffer_too_small_is_told_and_kept),
        cmocka_unit_test(test_expressions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
