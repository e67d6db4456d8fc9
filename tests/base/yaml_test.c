#include "words.h"

#include "base/limits.h"
#include "base/yaml.h"

#include <stdlib.h>
#include <string.h>

typedef struct pair {
    const char *yaml, *json;
} pair_t;

static void reads_what_json_can_say(void **state)
{
    static const pair_t rows[] = {
        {"a: 1\nb: [x, 2.5]\n", "{\"a\":1,\"b\":[\"x\",2.5]}"},
        {"a:\n- b: c\n  d: ~\n- null\n", "{\"a\":[{\"b\":\"c\",\"d\":null},null]}"},
        /* only true and false are booleans */
        {"[true, FALSE, yes, no, on, y]", "[true,false,\"yes\",\"no\",\"on\",\"y\"]"},
        /* decimal numbers; a leading zero, other bases, dates, times and versions are texts */
        {"[-1, +2, 0, 1e3, .5, 2.0]", "[-1,2,0,1000.0,0.5,2.0]"},
        {"[012, 0x1f, 2012-10-17, 12:30, 1.0.0, 1_000]",
         "[\"012\",\"0x1f\",\"2012-10-17\",\"12:30\",\"1.0.0\",\"1_000\"]"},
        {"['1', \"true\", '']", "[\"1\",\"true\",\"\"]"},
        /* a name is its text */
        {"200: ok\ntrue: x\n\"q\": y\n", "{\"200\":\"ok\",\"true\":\"x\",\"q\":\"y\"}"},
        {"a: |\n  one\n  two\nb: >-\n  three\n  four\n",
         "{\"a\":\"one\\ntwo\\n\",\"b\":\"three four\"}"},
        /* an alias is a copy */
        {"a: &x {k: 1}\nb: *x\nc: [*x]\n", "{\"a\":{\"k\":1},\"b\":{\"k\":1},\"c\":[{\"k\":1}]}"},
        {"--- x\n...\n", "\"x\""},
        {"--- ''\n", "\"\""},
        {" \n{\"a\":\t[1,\n\t\"\\/\\ud83d\\ude00\"]}", "{\"a\":[1,\"/\xf0\x9f\x98\x80\"]}"},
        {"{a: b}", "{\"a\":\"b\"}"},
    };
    (void)state;
    fg_arena_t *arena = fg_arena_new();
    for (size_t i = 0; i < FG_COUNT_OF(rows); i++) {
        fg_error_t error = {0};
        FG_JSON_SCOPED *value = NULL;
        assert_int_equal(fg_yaml_parse(fg_str(rows[i].yaml), &value, &error), FG_OK);
        fg_str_t text = fg_json_render(value, arena);
        assert_string_equal(fg_arena_text(arena, text), rows[i].json);
    }
    fg_arena_free(arena);
}

static void refuses_and_says_where(void **state)
{
    static const pair_t rows[] = {
        {"a: 1\nb: 2\na: 3\n", "a member stands twice at line 3, column 1"},
        {"a: !!str 1", "tags are not supported at line 1, column 4"},
        {"a: !Sub x", "tags are not supported at line 1, column 4"},
        {"a: &x 1\nb:\n  <<: *x\n", "merge keys are not supported at line 3, column 3"},
        {"? [a]\n: b\n", "the name of a member is no text at line 1, column 3"},
        {"a: *x", "an alias has no anchor before it at line 1, column 4"},
        {"a: &x [*x]", "an alias has no anchor before it at line 1, column 8"},
        {"a\n---\nb\n", "a second document begins at line 2, column 1"},
        {"a: 99999999999999999999", "a number is out of range at line 1, column 4"},
        {"a: 1e999", "a number is out of range at line 1, column 4"},
        {"a: \"\\0\"", "a text holds what no text may at line 1, column 4"},
        {"", "there is no document at line 1, column 1"},
        {"# nothing\n", "there is no document at line 1, column 1"},
        {"{\"a\":1,\"a\":2}", "duplicate object key near '\"a\"' at line 1, column 10"},
        {"\x01", "control characters are not allowed at byte 1"},
        {"a: \xff", "invalid leading UTF-8 octet at byte 4"},
        {"a: [b\n", "did not find expected ',' or ']' at line 2, column 1"},
    };
    (void)state;
    for (size_t i = 0; i < FG_COUNT_OF(rows); i++) {
        fg_error_t error = {0};
        json_t *value = NULL;
        assert_int_equal(fg_yaml_parse(fg_str(rows[i].yaml), &value, &error), FG_SERIALIZATION);
        assert_null(value);
        assert_string_equal(error.message, rows[i].json);
    }
}

static void depth_ends_at_the_limit(void **state)
{
    (void)state;
    for (size_t depth = FG_JSON_DEPTH_MAX; depth <= FG_JSON_DEPTH_MAX + 1; depth++) {
        char text[4 * (FG_JSON_DEPTH_MAX + 1) + 8];
        char *end = text;
        for (size_t i = 0; i < depth; i++)
            end = stpcpy(end, "- ");
        fg_error_t error = {0};
        FG_JSON_SCOPED *value = NULL;
        fg_status_t status = fg_yaml_parse(fg_str(text), &value, &error);
        assert_int_equal(status, depth <= FG_JSON_DEPTH_MAX ? FG_OK : FG_SERIALIZATION);
    }
    /* a copy may not carry the tree deeper either */
    fg_error_t error = {0};
    json_t *value = NULL;
    char text[64 * 32 + 1] = "";
    for (int i = 0; i < 40; i++)
        sprintf(text + strlen(text), i ? "- &a%d [[*a%d]]\n" : "- &a%d [[x%d]]\n", i,
                i ? i - 1 : 0);
    assert_int_equal(fg_yaml_parse(fg_str(text), &value, &error), FG_SERIALIZATION);
    assert_string_equal(error.message, "aliases add more than is allowed at line 32, column 10");
}

static void aliases_end_at_the_limit(void **state)
{
    (void)state;
    fg_error_t error = {0};
    json_t *value = NULL;
    char laughs[2048] = "- &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n";
    for (int i = 1; i < 12; i++) {
        sprintf(laughs + strlen(laughs), "- &a%d [", i);
        for (int j = 0; j < 9; j++)
            sprintf(laughs + strlen(laughs), "%s*a%d", j ? ", " : "", i - 1);
        strcat(laughs, "]\n");
    }
    assert_int_equal(fg_yaml_parse(fg_str(laughs), &value, &error), FG_SERIALIZATION);
    assert_non_null(strstr(error.message, "aliases add more than is allowed at line"));
    /* one text, once: its bytes and one for itself */
    for (size_t bytes = FG_YAML_ALIAS_BYTES_MAX - 1; bytes <= FG_YAML_ALIAS_BYTES_MAX; bytes++) {
        char *text = malloc(bytes + 32);
        char *end = stpcpy(text, "- &a ");
        memset(end, 'x', bytes);
        strcpy(end + bytes, "\n- *a\n");
        FG_JSON_SCOPED *copied = NULL;
        fg_status_t status = fg_yaml_parse(fg_str(text), &copied, &error);
        assert_int_equal(status, bytes < FG_YAML_ALIAS_BYTES_MAX ? FG_OK : FG_SERIALIZATION);
        free(text);
    }
}

static void size_ends_at_the_limit(void **state)
{
    (void)state;
    char *text = malloc(FG_CONTROL_BODY_BYTES_MAX + 1);
    memset(text, 'x', FG_CONTROL_BODY_BYTES_MAX + 1);
    for (size_t bytes = FG_CONTROL_BODY_BYTES_MAX; bytes <= FG_CONTROL_BODY_BYTES_MAX + 1;
         bytes++) {
        fg_error_t error = {0};
        FG_JSON_SCOPED *value = NULL;
        fg_status_t status = fg_yaml_parse(fg_str_of(text, bytes), &value, &error);
        assert_int_equal(status, bytes <= FG_CONTROL_BODY_BYTES_MAX ? FG_OK : FG_TOO_LARGE);
    }
    free(text);
}

static void writes_what_reads_back(void **state)
{
    static const pair_t rows[] = {
        {"b: 1\na:\n- x\n- k: v\n  l: []\n- {}\n",
         "{\"b\":1,\"a\":[\"x\",{\"k\":\"v\",\"l\":[]},{}]}"},
        {"- 1\n- 2.0\n- true\n- null\n", "[1,2.0,true,null]"},
        /* quoted when it would read as something else, here or in another reader */
        {"- \"1\"\n- \"2.0\"\n- \"true\"\n- \"null\"\n- \"\"\n- \"~\"\n",
         "[\"1\",\"2.0\",\"true\",\"null\",\"\",\"~\"]"},
        {"- \"yes\"\n- \"Off\"\n- \"0x1f\"\n- \"12:30\"\n- \"2012-10-17\"\n- 1.0.0\n",
         "[\"yes\",\"Off\",\"0x1f\",\"12:30\",\"2012-10-17\",\"1.0.0\"]"},
        {"- '{a}'\n- \"- b\"\n- 'a: b'\n- '# c'\n- ' d'\n",
         "[\"{a}\",\"- b\",\"a: b\",\"# c\",\" d\"]"},
        {"\"200\": a\nx-y: b\n", "{\"200\":\"a\",\"x-y\":\"b\"}"},
        {"a: |\n  one\n  two\nb: |-\n  three\n  four\n",
         "{\"a\":\"one\\ntwo\\n\",\"b\":\"three\\nfour\"}"},
        {"- \"\\n\"\n- \" a\\nb\"\n- \"a\\rb\"\n", "[\"\\n\",\" a\\nb\",\"a\\rb\"]"},
        {"- \xc3\xa4\n", "[\"\xc3\xa4\"]"},
        {"text\n", "\"text\""},
    };
    (void)state;
    fg_arena_t *arena = fg_arena_new();
    for (size_t i = 0; i < FG_COUNT_OF(rows); i++) {
        fg_error_t error = {0};
        FG_JSON_SCOPED *value = NULL;
        FG_JSON_SCOPED *again = NULL;
        assert_int_equal(fg_yaml_parse(fg_str(rows[i].json), &value, &error), FG_OK);
        fg_str_t text = fg_yaml_render(value, arena);
        assert_string_equal(fg_arena_text(arena, text), rows[i].yaml);
        assert_int_equal(fg_yaml_parse(text, &again, &error), FG_OK);
        assert_true(json_equal(value, again));
    }
    FG_JSON_SCOPED *value = json_string("x");
    fg_arena_fail_after(arena, 0);
    assert_null(fg_yaml_render(value, arena).at);
    fg_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_json_can_say), cmocka_unit_test(refuses_and_says_where),
        cmocka_unit_test(depth_ends_at_the_limit), cmocka_unit_test(aliases_end_at_the_limit),
        cmocka_unit_test(size_ends_at_the_limit),  cmocka_unit_test(writes_what_reads_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
