/* The AWS CLI's short form: a table, and random text that must neither crash nor leak. */
#include "../../cli/cli.c"
#include "../../cli/shorthand.c"
#include "../../cli/table.c"

#include "words.h"

static const struct {
    const char *sentence;
    const char *text;
    const char *json; /* NULL: refused */
} rows[] = {
    {"a pair", "a=b", "{\"a\":\"b\"}"},
    {"pairs", "a=b,c=d", "{\"a\":\"b\",\"c\":\"d\"}"},
    {"blanks around pairs", "a = b , c = d", "{\"a\":\"b\",\"c\":\"d\"}"},
    {"words with commas are a list", "a=b,c,d", "{\"a\":[\"b\",\"c\",\"d\"]}"},
    {"a list ends where a key begins", "a=b,c,d=e", "{\"a\":[\"b\",\"c\"],\"d\":\"e\"}"},
    {"a comma behind the only word makes it a list", "a=b,", "{\"a\":[\"b\"]}"},
    {"an escaped comma", "a=b\\,c", "{\"a\":\"b,c\"}"},
    {"an explicit list", "a=[b,c]", "{\"a\":[\"b\",\"c\"]}"},
    {"an empty list", "a=[]", "{\"a\":[]}"},
    {"a structure", "a={b=c,d=e}", "{\"a\":{\"b\":\"c\",\"d\":\"e\"}}"},
    {"nested", "a={b=[{c=d},{c=e}]}", "{\"a\":{\"b\":[{\"c\":\"d\"},{\"c\":\"e\"}]}}"},
    {"an equals sign inside a value", "a=b=c", "{\"a\":\"b=c\"}"},
    {"an empty value", "a=", "{\"a\":\"\"}"},
    {"an empty value before a pair", "a=,b=c", "{\"a\":\"\",\"b\":\"c\"}"},
    {"single quotes", "a='b, c=d'", "{\"a\":\"b, c=d\"}"},
    {"double quotes", "a=\"b, 'c'\"", "{\"a\":\"b, 'c'\"}"},
    {"a quote in quotes", "a='it\\'s'", "{\"a\":\"it's\"}"},
    {"a path as key", "a={/pets/GET={b=c}}", "{\"a\":{\"/pets/GET\":{\"b\":\"c\"}}}"},
    {"a media type as key", "application/json=Empty", "{\"application/json\":\"Empty\"}"},
    {"no pair", "a", NULL},
    {"nothing", "", NULL},
    {"no key", "=b", NULL},
    {"an open quote", "a='b", NULL},
    {"an open list", "a=[b", NULL},
    {"an open structure", "a={b=c", NULL},
    {"a key twice", "a=b,a=c", NULL},
    {"something behind a structure", "a={b=c}d", NULL},
};

static void parses_the_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < FG_COUNT_OF(rows); i++) {
        fg_error_t error = {.message = ""};
        FG_JSON_SCOPED *parsed = fg_shorthand_parse(fg_str(rows[i].text), &error);
        fg_str_t text = parsed ? fg_json_render(parsed, fg_cli_arena()) : FG_STR_NONE;
        if (rows[i].json ? !fg_str_is(text, rows[i].json) : text.at != NULL)
            fail_msg("%s: '%s' is %s (%s)", rows[i].sentence, rows[i].text,
                     text.at ? text.at : "refused", error.message);
        if (!rows[i].json)
            assert_true(error.message[0] != '\0');
    }
}

static void survives_random_text(void **state)
{
    static const char alphabet[] = "ab=,=,[]{}'\"\\ /.\xc3\xa9~";
    uint64_t seed = 20260101;
    char text[24];

    (void)state;
    for (unsigned round = 0; round < 50000; round++) {
        fg_error_t error = {.message = ""};
        size_t len = 0;
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        for (uint64_t bits = seed >> 8; len < (seed >> 59) % sizeof(text); bits = bits / 7 + seed)
            text[len++] = alphabet[bits % (sizeof(alphabet) - 1)];
        FG_JSON_SCOPED *parsed = fg_shorthand_parse(fg_str_of(text, len), &error);
        if (!parsed && error.message[0] == '\0')
            fail_msg("seed %llu: '%.*s' is refused without a reason", (unsigned long long)seed,
                     (int)len, text);
        fg_arena_reset(fg_cli_arena());
    }
}

static void refuses_deep_nesting(void **state)
{
    char text[1000] = "a=";
    fg_error_t error;

    (void)state;
    memset(text + 2, '[', sizeof(text) - 3);
    assert_null(fg_shorthand_parse(fg_str(text), &error));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parses_the_table),
        cmocka_unit_test(survives_random_text),
        cmocka_unit_test(refuses_deep_nesting),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
