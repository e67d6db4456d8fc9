/*
 * Rule 6.3: which method a path and a verb reach; tables of the recorded cases, random tables
 * against a linear scan, and the limits.
 */
#include "route/route_support.h"

#include <inttypes.h>
#include <time.h>

/* ---- the recorded cases ---- */

static const struct {
    const char *path;
    fg_verb_t verb;
} methods[] = {
    {"/", FG_VERB_GET},
    {"/test", FG_VERB_POST},
    {"/part1", FG_VERB_ANY},
    {"/part1/hardcoded-value", FG_VERB_ANY},
    {"/{proxy+}", FG_VERB_ANY},
    {"/pets", FG_VERB_GET},
    {"/pets", FG_VERB_ANY},
    {"/pets/{pet-id}", FG_VERB_GET},
    {"/pets/{pet-id}/toys/{toy.id}", FG_VERB_GET},
    {"/pets/cats", FG_VERB_POST},
    {"/files/{path+}", FG_VERB_GET},
    {"/heads", FG_VERB_GET},
};

static const struct {
    const char *path, *verb;
    const char *reached; /* resource path and verb, or NULL */
    const char *params;  /* name=value,... */
} cases[] = {
    /* the root by the root alone; `{x+}` needs at least one segment */
    {"/", "GET", "/ GET", ""},
    {"/", "POST", NULL, ""},
    {"//", "POST", NULL, ""},
    {"", "GET", "/ GET", ""},
    /* a more specific resource without the verb hides nothing */
    {"/test", "POST", "/test POST", ""},
    {"/test", "OPTIONS", "/{proxy+} ANY", "proxy=test"},
    /* back out of a branch that leads nowhere */
    {"/part1/hardcoded-value", "GET", "/part1/hardcoded-value ANY", ""},
    {"/part1/random-value", "GET", "/{proxy+} ANY", "proxy=part1/random-value"},
    {"/part1", "PATCH", "/part1 ANY", ""},
    /* at the leaf the verb beats ANY */
    {"/pets", "GET", "/pets GET", ""},
    {"/pets", "DELETE", "/pets ANY", ""},
    /* static beats variable beats greedy, with the verb in mind at each */
    {"/pets/cats", "POST", "/pets/cats POST", ""},
    {"/pets/cats", "GET", "/pets/{pet-id} GET", "pet-id=cats"},
    {"/pets/cats", "PUT", "/{proxy+} ANY", "proxy=pets/cats"},
    {"/pets/7", "GET", "/pets/{pet-id} GET", "pet-id=7"},
    {"/pets/7/toys/9", "GET", "/pets/{pet-id}/toys/{toy.id} GET", "pet-id=7,toy.id=9"},
    {"/pets/7/toys", "GET", "/{proxy+} ANY", "proxy=pets/7/toys"},
    /* a trailing slash is ignored, one */
    {"/proxy-value/", "GET", "/{proxy+} ANY", "proxy=proxy-value"},
    {"/pets/", "GET", "/pets GET", ""},
    {"/files/a/b/", "GET", "/files/{path+} GET", "path=a/b"},
    /* doubled slashes stay inside greedy values, are one behind the stage, and are no segment */
    {"/proxy-value//double-slash", "GET", "/{proxy+} ANY", "proxy=proxy-value//double-slash"},
    {"//test", "POST", "/test POST", ""},
    {"//part1/hardcoded-value", "GET", "/part1/hardcoded-value ANY", ""},
    {"/pets//toys/9", "GET", "/{proxy+} ANY", "proxy=pets//toys/9"},
    {"/files//", "GET", "/{proxy+} ANY", "proxy=files/"},
    {"/files//x", "GET", "/files/{path+} GET", "path=/x"},
    /* nothing is decoded, case matters */
    {"/pets/test%2Balias@gmail.com", "GET", "/pets/{pet-id} GET", "pet-id=test%2Balias@gmail.com"},
    {"/%70ets", "GET", "/{proxy+} ANY", "proxy=%70ets"},
    {"/Test", "POST", "/{proxy+} ANY", "proxy=Test"},
    /* braces in a request are no variable */
    {"/pets/{pet-id}", "GET", "/pets/{pet-id} GET", "pet-id={pet-id}"},
    /* ANY covers seven verbs and itself is none */
    {"/part1", "HEAD", "/part1 ANY", ""},
    {"/part1", "TRACE", NULL, ""},
    {"/part1", "ANY", NULL, ""},
    {"/part1", "get", NULL, ""},
    {"/part1", "", NULL, ""},
    /* HEAD is not served by GET */
    {"/heads", "HEAD", "/{proxy+} ANY", "proxy=heads"},
};

static void params_text(const fg_route_match_t *match, char *ret_text, size_t room)
{
    size_t len = 0;
    ret_text[0] = '\0';
    for (size_t i = 0; i < match->param_count; i++)
        len +=
            (size_t)snprintf(ret_text + len, room - len, "%s%.*s=%.*s", i ? "," : "",
                             FG_STR_ARG(match->params[i].name), FG_STR_ARG(match->params[i].value));
}

static void test_recorded_cases(void **state)
{
    (void)state;
    fg_route_method_t built[FG_COUNT_OF(methods)];
    for (size_t i = 0; i < FG_COUNT_OF(methods); i++)
        built[i] = method_of_path(methods[i].path, methods[i].verb);
    fg_arena_t *arena = fg_arena_new();
    fg_route_source_t source = source_of(built, FG_COUNT_OF(built));
    fg_route_t *route = route_of(&source, arena);
    for (size_t i = 0; i < FG_COUNT_OF(cases); i++) {
        fg_route_match_t match;
        char reached[512] = "", params[512] = "";
        if (fg_route_find(route, fg_str(cases[i].path), fg_verb_of(fg_str(cases[i].verb)),
                          &match)) {
            fg_route_entry_t entry = fg_route_entry(route, match.method_index);
            snprintf(reached, sizeof(reached), "%.*s %s", FG_STR_ARG(entry.resource_path),
                     fg_verb_text(entry.verb));
            params_text(&match, params, sizeof(params));
        }
        const char *want = cases[i].reached ? cases[i].reached : "";
        if (strcmp(reached, want) != 0 || strcmp(params, cases[i].params) != 0)
            fail_msg("%s %s: got \"%s\" (%s), want \"%s\" (%s)", cases[i].verb, cases[i].path,
                     reached, params, want, cases[i].params);
    }
    fg_route_unref(route);
    fg_arena_free(arena);
}

/* ---- random tables against a linear scan ---- */

enum { ORACLE_METHODS = 24, ORACLE_TABLES = 400, ORACLE_PATHS = 200 };

static uint64_t random_next(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static void random_resource(uint64_t *seed, char *ret_path)
{
    static const char *const parts[] = {"a", "b", "a", "b", "{x}", "{x}", "{p+}"};
    size_t len = 0;
    ret_path[len] = '\0';
    for (size_t depth = random_next(seed) % 6; depth > 0; depth--) {
        const char *part = parts[random_next(seed) % FG_COUNT_OF(parts)];
        len += (size_t)sprintf(ret_path + len, "/%s", part);
        if (strcmp(part, "{p+}") == 0)
            break;
    }
    if (len == 0)
        strcpy(ret_path, "/");
}

static void random_path(uint64_t *seed, char *ret_path)
{
    static const char *const parts[] = {"a", "b", "a", "b", "a", "b", "c", ""};
    size_t len = 0;
    for (size_t count = 1 + random_next(seed) % 6; count > 0; count--)
        len +=
            (size_t)sprintf(ret_path + len, "/%s", parts[random_next(seed) % FG_COUNT_OF(parts)]);
}

/* Does `resource` fit the trimmed `path`? *ret_rank has one letter a segment: s, v, g; the smaller
 * the better by strcmp once g > s and v lies between: s < v must hold, so they are written as 1,
 * 2, 3. */
static bool oracle_fits(const char *resource, const char *path, char *ret_rank)
{
    while (*resource == '/' && resource[1] != '\0') {
        resource++;
        size_t resource_len = strcspn(resource, "/");
        size_t path_len = strcspn(path, "/");
        if (strncmp(resource, "{p+}", 4) == 0) {
            *ret_rank++ = '3';
            *ret_rank = '\0';
            return strspn(path, "/") != strlen(path);
        }
        if (*path == '\0')
            return false;
        if (strncmp(resource, "{x}", 3) == 0) {
            if (path_len == 0)
                return false;
            *ret_rank++ = '2';
        } else {
            if (resource_len != path_len || strncmp(resource, path, path_len) != 0)
                return false;
            *ret_rank++ = '1';
        }
        resource += resource_len;
        path += path_len;
        bool is_resource_end = *resource == '\0', is_path_end = *path == '\0';
        if (is_resource_end != is_path_end && is_resource_end)
            return false;
        if (!is_path_end)
            path++;
        else if (!is_resource_end)
            return false;
    }
    *ret_rank = '\0';
    return *path == '\0';
}

static int oracle_find(char resources[][64], const fg_verb_t *verbs, size_t count, const char *path,
                       fg_verb_t verb)
{
    char trimmed[128], best_rank[16] = "9";
    int best = -1;
    strcpy(trimmed, path + strspn(path, "/"));
    size_t len = strlen(trimmed);
    if (len > 0 && trimmed[len - 1] == '/')
        trimmed[len - 1] = '\0';
    for (size_t i = 0; i < count; i++) {
        char rank[16];
        if ((verbs[i] != verb && verbs[i] != FG_VERB_ANY) ||
            !oracle_fits(resources[i], trimmed, rank))
            continue;
        strcat(rank, verbs[i] == verb ? "0" : "1");
        if (strcmp(rank, best_rank) < 0) {
            strcpy(best_rank, rank);
            best = (int)i;
        }
    }
    return best;
}

static void oracle_table(uint64_t *seed)
{
    char resources[ORACLE_METHODS][64];
    fg_verb_t verbs[ORACLE_METHODS];
    fg_route_method_t built[ORACLE_METHODS];
    size_t count = 0;
    for (size_t i = 0; i < ORACLE_METHODS; i++) {
        bool is_there = false;
        random_resource(seed, resources[count]);
        verbs[count] = (fg_verb_t)(random_next(seed) % 3);
        for (size_t j = 0; j < count; j++)
            is_there |= verbs[j] == verbs[count] && strcmp(resources[j], resources[count]) == 0;
        if (is_there)
            continue;
        built[count] = method_of_path(resources[count], verbs[count]);
        count++;
    }
    fg_arena_t *arena = fg_arena_new();
    fg_route_source_t source = source_of(built, count);
    fg_route_t *route = route_of(&source, arena);
    for (size_t i = 0; i < ORACLE_PATHS; i++) {
        char path[64];
        fg_route_match_t match;
        random_path(seed, path);
        fg_verb_t verb = (fg_verb_t)(1 + random_next(seed) % 3);
        int want = oracle_find(resources, verbs, count, path, verb);
        int got = fg_route_find(route, fg_str(path), verb, &match) ? (int)match.method_index : -1;
        if (got != want)
            fail_msg("%s %s: got %s, want %s", fg_verb_text(verb), path,
                     got < 0 ? "nothing" : resources[got], want < 0 ? "nothing" : resources[want]);
    }
    fg_route_unref(route);
    fg_arena_free(arena);
}

static void test_random_tables_against_a_linear_scan(void **state)
{
    (void)state;
    const char *given = getenv("FG_SEED");
    uint64_t seed = given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL) * 2654435761u + 1;
    print_message("FG_SEED=%" PRIu64 "\n", seed);
    for (int i = 0; i < ORACLE_TABLES; i++)
        oracle_table(&seed);
}

/* ---- limits, at and one past ---- */

static fg_status_t build_status(const fg_route_method_t *built, size_t count, fg_error_t *error)
{
    fg_arena_t *arena = fg_arena_new();
    fg_route_source_t source = source_of(built, count);
    fg_str_t image;
    fg_status_t status = fg_route_image_make(&source, arena, &image, error);
    fg_arena_free(arena);
    return status;
}

/* "/s/s/s" or "/{v}/{v}" with `depth` parts. */
static void deep_path(char *ret_path, const char *part, size_t depth)
{
    size_t len = 0;
    while (depth-- > 0)
        len += (size_t)sprintf(ret_path + len, "/%s", part);
}

static void test_depth_and_variables_have_a_limit(void **state)
{
    (void)state;
    static const struct {
        const char *part;
        size_t depth;
        fg_status_t status;
    } rows[] = {
        {"s", FG_PATH_DEPTH_MAX, FG_OK},
        {"s", FG_PATH_DEPTH_MAX + 1, FG_BAD_REQUEST},
        {"{v}", FG_PATH_PARAMS_MAX, FG_OK},
        {"{v}", FG_PATH_PARAMS_MAX + 1, FG_BAD_REQUEST},
    };
    for (size_t i = 0; i < FG_COUNT_OF(rows); i++) {
        char path[1024];
        fg_error_t error = {0};
        deep_path(path, rows[i].part, rows[i].depth);
        fg_route_method_t method = method_of_path(path, FG_VERB_GET);
        assert_int_equal(build_status(&method, 1, &error), rows[i].status);
        if (rows[i].status != FG_OK)
            assert_non_null(strstr(error.message, path));
    }
}

static void test_deepest_path_is_found_and_a_deeper_one_is_not(void **state)
{
    (void)state;
    char path[1024], deeper[1024];
    deep_path(path, "s", FG_PATH_DEPTH_MAX);
    deep_path(deeper, "s", FG_PATH_DEPTH_MAX + 1);
    fg_route_method_t method = method_of_path(path, FG_VERB_GET);
    fg_arena_t *arena = fg_arena_new();
    fg_route_source_t source = source_of(&method, 1);
    fg_route_t *route = route_of(&source, arena);
    fg_route_match_t match;
    assert_true(fg_route_find(route, fg_str(path), FG_VERB_GET, &match));
    assert_false(fg_route_find(route, fg_str(deeper), FG_VERB_GET, &match));
    fg_route_unref(route);
    fg_arena_free(arena);
}

static void test_path_length_has_a_limit_and_greedy_values_reach_it(void **state)
{
    (void)state;
    static char path[FG_PATH_BYTES_MAX + 2];
    fg_route_method_t method = method_of_path("/{proxy+}", FG_VERB_GET);
    fg_arena_t *arena = fg_arena_new();
    fg_route_source_t source = source_of(&method, 1);
    fg_route_t *route = route_of(&source, arena);
    fg_route_match_t match;
    for (size_t i = 0; i < sizeof(path); i++)
        path[i] = i % 2 ? 'x' : '/';
    assert_true(fg_route_find(route, fg_str_of(path, FG_PATH_BYTES_MAX), FG_VERB_GET, &match));
    assert_int_equal(match.params[0].value.len, FG_PATH_BYTES_MAX - 1);
    assert_false(fg_route_find(route, fg_str_of(path, FG_PATH_BYTES_MAX + 1), FG_VERB_GET, &match));
    fg_route_unref(route);
    fg_arena_free(arena);
}

static void test_ten_thousand_resources_and_no_more(void **state)
{
    (void)state;
    static char paths[FG_RESOURCES_PER_API_MAX + 1][16];
    static fg_route_method_t built[FG_RESOURCES_PER_API_MAX + 1];
    fg_error_t error = {0};
    for (size_t i = 0; i < FG_COUNT_OF(built); i++) {
        snprintf(paths[i], sizeof(paths[i]), "/r%zu", i);
        built[i] = method_of_path(paths[i], FG_VERB_GET);
    }
    assert_int_equal(build_status(built, FG_RESOURCES_PER_API_MAX + 1, &error), FG_BAD_REQUEST);
    fg_arena_t *arena = fg_arena_new();
    fg_route_source_t source = source_of(built, FG_RESOURCES_PER_API_MAX);
    fg_route_t *route = route_of(&source, arena);
    for (uint32_t i = 0; i < FG_RESOURCES_PER_API_MAX; i++) {
        fg_route_match_t match;
        assert_true(fg_route_find(route, fg_str(paths[i]), FG_VERB_GET, &match));
        assert_int_equal(match.method_index, i);
    }
    fg_route_unref(route);
    fg_arena_free(arena);
}

/* A tree with a static and a variable child on each of 12 levels makes the walk meet every node,
 * and still end. */
static void test_a_hostile_tree_costs_its_size_at_most(void **state)
{
    (void)state;
    enum { LEVELS = 12, LEAVES = 1 << LEVELS };
    static char paths[LEAVES][LEVELS * 4 + 8];
    static fg_route_method_t built[LEAVES];
    for (size_t i = 0; i < LEAVES; i++) {
        size_t len = 0;
        for (size_t bit = 0; bit < LEVELS; bit++)
            len +=
                (size_t)sprintf(paths[i] + len, "/%s", i >> (LEVELS - 1 - bit) & 1 ? "{x}" : "a");
        built[i] = method_of_path(paths[i], FG_VERB_GET);
    }
    char request[64];
    deep_path(request, "a", LEVELS + 1);
    fg_arena_t *arena = fg_arena_new();
    fg_route_source_t source = source_of(built, LEAVES);
    fg_route_t *route = route_of(&source, arena);
    fg_route_match_t match;
    assert_false(fg_route_find(route, fg_str(request), FG_VERB_GET, &match));
    assert_false(fg_route_find(route, fg_str(paths[0]), FG_VERB_POST, &match));
    assert_true(fg_route_find(route, fg_str(paths[0]), FG_VERB_GET, &match));
    fg_route_unref(route);
    fg_arena_free(arena);
}

/* ---- what cannot be built ---- */

static void test_impossible_paths_are_refused_by_name(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"", NULL},         /* no path at all */
        {"pets", NULL},     /* no slash in front */
        {"/pets/", NULL},   /* an empty part at the end */
        {"/pets//x", NULL}, /* an empty part within */
        {"/{p+}/x", NULL},  /* a child of a greedy variable */
        {"/{a}", "/{b}"},   /* siblings with two names for one variable */
        {"/{a+}", "/{b+}"}, /* likewise greedy */
        {"/pets", "/pets"}, /* the same method twice */
    };
    for (size_t i = 0; i < FG_COUNT_OF(rows); i++) {
        fg_route_method_t built[2] = {method_of_path(rows[i][0], FG_VERB_GET)};
        size_t count = 1;
        fg_error_t error = {0};
        if (rows[i][1] != NULL)
            built[count++] = method_of_path(rows[i][1], FG_VERB_GET);
        assert_int_equal(build_status(built, count, &error), FG_BAD_REQUEST);
        assert_non_null(strstr(error.message, rows[i][1] ? rows[i][1] : rows[i][0]));
    }
}

static void test_a_stage_without_methods_matches_nothing(void **state)
{
    (void)state;
    fg_arena_t *arena = fg_arena_new();
    fg_route_source_t source = source_of(NULL, 0);
    fg_route_t *route = route_of(&source, arena);
    fg_route_match_t match;
    assert_int_equal(fg_route_method_count(route), 0);
    assert_false(fg_route_find(route, FG_STR("/"), FG_VERB_GET, &match));
    assert_false(fg_route_find(route, FG_STR("/a/b"), FG_VERB_GET, &match));
    fg_route_unref(route);
    fg_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_recorded_cases),
        cmocka_unit_test(test_random_tables_against_a_linear_scan),
        cmocka_unit_test(test_depth_and_variables_have_a_limit),
        cmocka_unit_test(test_deepest_path_is_found_and_a_deeper_one_is_not),
        cmocka_unit_test(test_path_length_has_a_limit_and_greedy_values_reach_it),
        cmocka_unit_test(test_ten_thousand_resources_and_no_more),
        cmocka_unit_test(test_a_hostile_tree_costs_its_size_at_most),
        cmocka_unit_test(test_impossible_paths_are_refused_by_name),
        cmocka_unit_test(test_a_stage_without_methods_matches_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
