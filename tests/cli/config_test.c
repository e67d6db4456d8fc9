/* Configurations without an installation: what a file may say, its one form, what differs. */
#include "../../cli/cli.c"
#include "../../cli/config.c"
#include "../../cli/config_check.c"
#include "../../cli/config_schema.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static json_t *parse(const char *text)
{
    fg_error_t error = {.message = ""};
    json_t *value = fg_json_parse(fg_str(text), &error);

    if (!value)
        fail_msg("%s: %s", text, error.message);
    return value;
}

/* Rule AP1 */
static void every_problem_is_told(void **state)
{
    (void)state;
    static const struct {
        const char *sentence, *document, *problems;
    } rows[] = {
        {"the least there is", "{\"faregate\":1}", "[]"},
        {"null is absent", "{\"faregate\":1,\"plans\":null}", "[]"},
        {"nothing at all", "[]", "[\"must be an object\"]"},
        {"no form", "{}", "[\"faregate: is missing\"]"},
        {"a word that is near", "{\"faregate\":1,\"key\":[]}",
         "[\"key: is no member here; did you mean 'keys'?\"]"},
        {"a word that is not", "{\"faregate\":1,\"everything\":[]}",
         "[\"everything: is no member here\"]"},
        {"at a bound",
         "{\"faregate\":1,\"plans\":[{\"name\":\"p\",\"quota\":{\"limit\":1099511627775,"
         "\"period\":\"DAY\",\"offset\":27}}]}",
         "[]"},
        {"past it",
         "{\"faregate\":1,\"plans\":[{\"name\":\"p\",\"quota\":{\"limit\":1099511627776,"
         "\"period\":\"DAY\",\"offset\":28}}]}",
         "[\"plans[0].quota.limit: must be 1099511627775 or less, not 1099511627776\","
         "\"plans[0].quota.offset: must be 27 or less, not 28\"]"},
        {"a fraction where none may be",
         "{\"faregate\":1,\"account\":{\"throttle\":{\"rateLimit\":0.5,\"burstLimit\":1.5}}}",
         "[\"account.throttle.burstLimit: must be a whole number\"]"},
        {"a choice that YAML reads as a number",
         "{\"faregate\":1,\"apis\":[{\"name\":\"a\",\"stages\":[{\"name\":\"s\","
         "\"cacheClusterSize\":0.5}]}]}",
         "[\"apis[0].stages[0].cacheClusterSize: must be one of 0.5, 1.6, 6.1, 13.5, 28.4, 58.2, "
         "118, 237, in quotes\"]"},
        {"an empty name", "{\"faregate\":1,\"keys\":[{\"name\":\"\"}]}",
         "[\"keys[0].name: must not be empty\"]"},
        {"two at once, of two things",
         "{\"faregate\":1,\"keys\":[{\"name\":\"k\",\"enabled\":\"yes\"},{}]}",
         "[\"keys[0].enabled: must be true or false\",\"keys[1].name: is missing\"]"},
        {"within a map",
         "{\"faregate\":1,\"keys\":[{\"name\":\"k\",\"faregate\":{\"overrides\":{\"free\":{"
         "\"unti\":"
         "1}}}}]}",
         "[\"keys[0].faregate.overrides.free.unti: is no member here; did you mean 'until'?\"]"},
        {"numbers in a list",
         "{\"faregate\":1,\"plans\":[{\"name\":\"p\",\"faregate\":{\"alertThresholds\":[1,101,"
         "\"x\"]"
         "}}]}",
         "[\"plans[0].faregate.alertThresholds[1]: must be 100 or less, not 101\","
         "\"plans[0].faregate.alertThresholds[2]: must be a whole number\"]"},
    };
    for (size_t i = 0; i < FG_COUNT_OF(rows); i++) {
        FG_JSON_SCOPED *document = parse(rows[i].document);
        FG_JSON_SCOPED *wanted = parse(rows[i].problems);
        FG_JSON_SCOPED *problems = json_array();
        fg_config_check(&fg_config_root, document, problems);
        if (!json_equal(problems, wanted))
            fail_msg("%s: %s", rows[i].sentence,
                     fg_text_of(fg_json_render(problems, fg_cli_arena())));
    }
}

/* Rule AP2 */
static void what_differs_is_told(void **state)
{
    (void)state;
    static const struct {
        const char *sentence, *wanted, *found, *changes;
    } rows[] = {
        {"nothing", "{\"a\":1}", "{\"a\":1}", "[]"},
        {"the same number", "{\"a\":10}", "{\"a\":10.0}", "[]"},
        {"another number", "{\"a\":10}", "{\"a\":10.5}",
         "[{\"path\":\"a\",\"old\":10.5,\"new\":10}]"},
        {"one more", "{\"a\":{\"b\":1,\"c\":2}}", "{\"a\":{\"b\":1}}",
         "[{\"path\":\"a.c\",\"old\":null,\"new\":2}]"},
        {"one less", "{\"a\":{}}", "{\"a\":{\"b\":1}}",
         "[{\"path\":\"a.b\",\"old\":1,\"new\":null}]"},
        {"a part as a whole", "{}", "{\"a\":{\"b\":1}}",
         "[{\"path\":\"a\",\"old\":{\"b\":1},\"new\":null}]"},
        {"a list as a whole", "{\"a\":[1,{\"b\":2}]}", "{\"a\":[1,{\"b\":3}]}",
         "[{\"path\":\"a\",\"old\":[1,{\"b\":3}],\"new\":[1,{\"b\":2}]}]"},
        {"a list in another order", "{\"a\":[1,2]}", "{\"a\":[2,1]}",
         "[{\"path\":\"a\",\"old\":[2,1],\"new\":[1,2]}]"},
    };
    for (size_t i = 0; i < FG_COUNT_OF(rows); i++) {
        FG_JSON_SCOPED *wanted = parse(rows[i].wanted);
        FG_JSON_SCOPED *found = parse(rows[i].found);
        FG_JSON_SCOPED *expected = parse(rows[i].changes);
        FG_JSON_SCOPED *changes = json_array();
        fg_config_compare(wanted, found, changes);
        if (!json_equal(changes, expected))
            fail_msg("%s: %s", rows[i].sentence,
                     fg_text_of(fg_json_render(changes, fg_cli_arena())));
    }
}

static void members_are_complete_and_told_short(void **state)
{
    (void)state;
    static const struct {
        const char *sentence;
        fg_config_noun_t noun;
        const char *given, *told;
    } rows[] = {
        {"nothing given, nothing told", FG_CONFIG_KEY, "{}", "{}"},
        {"an empty text is none", FG_CONFIG_KEY, "{\"description\":\"\"}", "{}"},
        {"what is as by default goes", FG_CONFIG_KEY, "{\"enabled\":true,\"customerId\":\"c\"}",
         "{\"customerId\":\"c\"}"},
        {"what is not stays", FG_CONFIG_KEY, "{\"enabled\":false}", "{\"enabled\":false}"},
        {"our own tags are no members", FG_CONFIG_PLAN,
         "{\"tags\":{\"faregate:managed-by\":\"x\",\"a\":\"b\"}}", "{\"tags\":{\"a\":\"b\"}}"},
        {"a quota's offset", FG_CONFIG_PLAN, "{\"quota\":{\"limit\":1,\"period\":\"DAY\"}}",
         "{\"quota\":{\"limit\":1,\"period\":\"DAY\",\"offset\":0}}"},
        {"a cache that is off has no size", FG_CONFIG_STAGE, "{\"cacheClusterSize\":\"0.5\"}",
         "{}"},
        {"one that is on has one", FG_CONFIG_STAGE, "{\"cacheClusterEnabled\":true}",
         "{\"cacheClusterEnabled\":true,\"cacheClusterSize\":\"0.5\"}"},
    };
    for (size_t i = 0; i < FG_COUNT_OF(rows); i++) {
        FG_JSON_SCOPED *given = parse(rows[i].given);
        FG_JSON_SCOPED *expected = parse(rows[i].told);
        FG_JSON_SCOPED *members = fg_config_members(rows[i].noun, given);
        FG_JSON_SCOPED *told = fg_config_told(rows[i].noun, members);
        FG_JSON_SCOPED *again = fg_config_members(rows[i].noun, told);
        if (!json_equal(told, expected))
            fail_msg("%s: %s", rows[i].sentence, fg_text_of(fg_json_render(told, fg_cli_arena())));
        assert_true(fg_config_same(members, again)); /* Rule AP10 */
    }
}

static void a_hash_is_of_the_value_not_its_order(void **state)
{
    (void)state;
    FG_JSON_SCOPED *one = parse("{\"a\":1,\"b\":{\"c\":[1,2],\"d\":null}}");
    FG_JSON_SCOPED *two = parse("{\"b\":{\"d\":null,\"c\":[1,2]},\"a\":1}");
    FG_JSON_SCOPED *other = parse("{\"a\":1,\"b\":{\"c\":[2,1],\"d\":null}}");
    assert_string_equal(fg_config_hash(one), fg_config_hash(two));
    assert_string_not_equal(fg_config_hash(one), fg_config_hash(other));
    assert_int_equal(strlen(fg_config_hash(one)), 64);
}

static void stages_are_named_with_their_api(void **state)
{
    (void)state;
    const char *behind;
    assert_string_equal(fg_config_stage_cut(fg_config_stage_name("a:b", "prod"), &behind), "a:b");
    assert_string_equal(behind, "prod");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_problem_is_told),
        cmocka_unit_test(what_differs_is_told),
        cmocka_unit_test(members_are_complete_and_told_short),
        cmocka_unit_test(a_hash_is_of_the_value_not_its_order),
        cmocka_unit_test(stages_are_named_with_their_api),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
