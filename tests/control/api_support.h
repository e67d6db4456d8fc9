/*
 * api_support - walks of the control API: rows of request and expected answer against a real store
 * in a directory of its own.
 *
 * Shape      A row's path and body may hold $A..$Z, what an earlier row kept of its answer.
 * `expect` is JSON that the answer must contain: objects by the members named, arrays element by
 * element; "<absent>" is a member that must not be there, "<any>" one that must. "@type" is the
 * x-amzn-ErrorType header.
 */
#ifndef FG_TESTS_API_SUPPORT_H
#define FG_TESTS_API_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "control/control.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

typedef struct step {
    const char *says;
    const char *verb, *path, *body;
    int status;
    const char *expect; /* NULL: an empty body */
    const char *keep;   /* "A=id": keep the answer's member */
} step_t;

typedef struct walk {
    char dir[64];
    fg_store_t *store;
    fg_arena_t *arena;
    fg_control_t control;
    uint64_t seed;
    fg_str_t kept[26];
} walk_t;

#define WALK_NOW ((fg_now_t){.mono = {1000000}, .wall = {1700000000}})
#define ACCOUNT  "000000000000"
#define NO_API(id)                                                                                 \
    "{\"@type\":\"NotFoundException\",\"message\":\"Invalid API identifier specified " ACCOUNT     \
    ":" id "\"}"
#define BAD(text)      "{\"@type\":\"BadRequestException\",\"message\":\"" text "\"}"
#define MISSING(text)  "{\"@type\":\"NotFoundException\",\"message\":\"" text "\"}"
#define CONFLICT(text) "{\"@type\":\"ConflictException\",\"message\":\"" text "\"}"
#define INVALID(text)  "{\"@type\":\"ValidationException\",\"message\":\"" text "\"}"
#define PATCH_ONE(op, path, value)                                                                 \
    "{\"patchOperations\":[{\"op\":\"" op "\",\"path\":\"" path "\",\"value\":\"" value "\"}]}"
#define PATCH_BARE(op, path) "{\"patchOperations\":[{\"op\":\"" op "\",\"path\":\"" path "\"}]}"

static inline void walk_begin(walk_t *walk)
{
    memset(walk, 0, sizeof(*walk));
    fg_error_t error;
    strcpy(walk->dir, "/tmp/faregate-test-XXXXXX");
    assert_non_null(mkdtemp(walk->dir));
    walk->seed = 7;
    fg_store_options_t options = {.data_dir = walk->dir, .random = fg_random_system()};
    assert_int_equal(fg_store_open(&options, &walk->store, &error), FG_OK);
    walk->arena = fg_arena_new();
    walk->control = (fg_control_t){
        .store = walk->store,
        .settings = {.region = "us-east-1",
                     .account_id = ACCOUNT,
                     .quota_exceeded_status = 403,
                     .is_unsigned_allowed = true},
        .random = fg_random_seeded(&walk->seed),
    };
}

static inline int walk_remove(const char *path, const struct stat *info, int kind,
                              struct FTW *place)
{
    (void)info, (void)kind, (void)place;
    return remove(path);
}

static inline void walk_end(walk_t *walk)
{
    fg_store_close(walk->store);
    fg_arena_free(walk->arena);
    nftw(walk->dir, walk_remove, 16, FTW_DEPTH | FTW_PHYS);
}

/* `text` with $A..$Z put in. */
static inline fg_str_t walk_fill(walk_t *walk, const char *text)
{
    fg_str_t out = FG_STR(""), rest = fg_str(text ? text : "");
    while (rest.len) {
        size_t dollar = fg_str_find(rest, '$');
        bool is_kept =
            dollar + 1 < rest.len && rest.at[dollar + 1] >= 'A' && rest.at[dollar + 1] <= 'Z';
        fg_str_t kept = is_kept ? walk->kept[rest.at[dollar + 1] - 'A'] : FG_STR("");
        fg_str_t plain = fg_str_of(rest.at, dollar + (!is_kept && dollar < rest.len));
        size_t taken = is_kept ? dollar + 2 : plain.len;
        out = fg_arena_printf(walk->arena, "%.*s%.*s%.*s", FG_STR_ARG(out), FG_STR_ARG(plain),
                              FG_STR_ARG(kept));
        rest = fg_str_of(rest.at + taken, rest.len - taken);
    }
    return out;
}

static inline fg_response_t walk_call(walk_t *walk, const char *verb, const char *path,
                                      const char *body)
{
    static const fg_pair_t headers[] = {{FG_STR("Host"), FG_STR("localhost")},
                                        {FG_STR("Content-Type"), FG_STR("application/json")}};
    fg_request_t request = {
        .verb = fg_str(verb),
        .target = walk_fill(walk, path),
        .body = walk_fill(walk, body),
        .headers = headers,
        .header_count = FG_COUNT_OF(headers),
        .source_address = FG_STR("127.0.0.1"),
    };
    fg_response_t response = {0};
    fg_control_handle(&walk->control, &request, WALK_NOW, walk->arena, &response);
    return response;
}

static inline fg_str_t response_header(const fg_response_t *response, const char *name)
{
    for (size_t i = 0; i < response->header_count; i++) {
        if (fg_str_eq_nocase(response->headers[i].name, fg_str(name)))
            return response->headers[i].value;
    }
    return FG_STR_NONE;
}

/* Is all of `want` in `got`? Names the member at fault in `ret_where`. */
static inline bool contains(json_t *got, json_t *want, const fg_response_t *response,
                            const char **ret_where)
{
    const char *name;
    json_t *value;
    size_t index;
    if (json_is_string(want) && strcmp(json_string_value(want), "<any>") == 0)
        return got != NULL;
    if (json_is_array(want)) {
        if (json_array_size(got) != json_array_size(want))
            return false;
        json_array_foreach(want, index, value)
        {
            if (!contains(json_array_get(got, index), value, response, ret_where))
                return false;
        }
        return true;
    }
    if (!json_is_object(want) || (json_object_size(want) == 0))
        return json_equal(got, want);
    json_object_foreach(want, name, value)
    {
        json_t *member = json_object_get(got, name);
        bool is_absent = json_is_string(value) && strcmp(json_string_value(value), "<absent>") == 0;
        *ret_where = name;
        if (strcmp(name, "@type") == 0) {
            if (!fg_str_eq(response_header(response, "x-amzn-ErrorType"), fg_json_str(value)))
                return false;
        } else if (is_absent ? member != NULL : !contains(member, value, response, ret_where)) {
            return false;
        }
    }
    return true;
}

static inline void walk_keep(walk_t *walk, const char *keep, json_t *got)
{
    if (keep)
        walk->kept[keep[0] - 'A'] =
            fg_arena_copy(walk->arena, fg_json_str(json_object_get(got, keep + 2)));
}

static inline void walk_step(walk_t *walk, const step_t *step)
{
    fg_error_t error;
    fg_response_t response = walk_call(walk, step->verb, step->path, step->body);
    if (response.status != step->status)
        fail_msg("%s: %s %s answered %d %.*s", step->says, step->verb, step->path, response.status,
                 FG_STR_ARG(response.body));
    if (!step->expect) {
        if (response.body.len)
            fail_msg("%s: body %.*s", step->says, FG_STR_ARG(response.body));
        return;
    }
    FG_JSON_SCOPED *got = fg_json_parse(response.body, &error);
    FG_JSON_SCOPED *want = fg_json_parse(walk_fill(walk, step->expect), &error);
    const char *where = "";
    if (!want)
        fail_msg("%s: expectation is no JSON: %s", step->says, step->expect);
    if (!contains(got, want, &response, &where))
        fail_msg("%s: %s in %.*s", step->says, where, FG_STR_ARG(response.body));
    walk_keep(walk, step->keep, got);
}

static inline void walk_steps(walk_t *walk, const step_t *steps, size_t count)
{
    for (size_t i = 0; i < count; i++)
        walk_step(walk, &steps[i]);
}

/* A walk of its own from a fresh store. */
static inline void walk_all(const step_t *steps, size_t count)
{
    walk_t walk;
    walk_begin(&walk);
    walk_steps(&walk, steps, count);
    walk_end(&walk);
}
#define WALK(steps) walk_all(steps, FG_COUNT_OF(steps))

/* `count` empty documents of a kind, straight into the store: for limits. */
static inline void walk_fill_kind(walk_t *walk, fg_document_kind_t kind, const char *api_id,
                                  size_t count)
{
    fg_error_t error;
    assert_int_equal(fg_store_begin(walk->store, &error), FG_OK);
    for (size_t i = 0; i < count; i++) {
        fg_document_t row = {kind,
                             walk_fill(walk, api_id),
                             fg_arena_printf(walk->arena, "%zu", i),
                             FG_STR("none"),
                             FG_STR("{}"),
                             0};
        assert_int_equal(fg_store_document_put(walk->store, &row, &error), FG_OK);
    }
    assert_int_equal(fg_store_commit(walk->store, &error), FG_OK);
}

/* An API with its root ($A, $R) and a resource /pets ($P). */
static inline void walk_api(walk_t *walk)
{
    static const step_t steps[] = {
        {"an API", "POST", "/restapis", "{\"name\":\"weather\"}", 201, "{\"id\":\"<any>\"}",
         "A=id"},
        {"its root", "GET", "/restapis/$A", NULL, 200, "{\"rootResourceId\":\"<any>\"}",
         "R=rootResourceId"},
        {"a resource", "POST", "/restapis/$A/resources/$R", "{\"pathPart\":\"pets\"}", 201,
         "{\"path\":\"/pets\"}", "P=id"},
    };
    walk_steps(walk, steps, FG_COUNT_OF(steps));
}

/* A MOCK on GET /pets. */
static inline void walk_mock(walk_t *walk)
{
    static const step_t steps[] = {
        {"a method", "PUT", "/restapis/$A/resources/$P/methods/GET",
         "{\"authorizationType\":\"NONE\"}", 201, "{\"httpMethod\":\"GET\"}", NULL},
        {"a MOCK", "PUT", "/restapis/$A/resources/$P/methods/GET/integration",
         "{\"type\":\"MOCK\",\"requestTemplates\":{\"application/json\":\"{\\\"statusCode\\\": "
         "200}\"}}",
         201, "{\"type\":\"MOCK\"}", NULL},
    };
    walk_steps(walk, steps, FG_COUNT_OF(steps));
}

#endif
