/*
 * scene - a control API over a real store in a directory of its own, without a gate.
 *
 *     static void a_test(void **state)
 *     {
 *         scene_t *scene = *state;
 *         call(scene, 201, "POST", "{\"name\":\"n\"}", "/apikeys");
 *         assert_string_equal(text_at(scene, "name"), "n");
 *     }
 *
 * The clock stands at SCENE_NOW_S; a test moves scene->now.
 */
#ifndef FG_TESTS_CONTROL_SCENE_H
#define FG_TESTS_CONTROL_SCENE_H

#include "control/control.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

/* 2026-11-25T06:45:00Z, a Wednesday */
#define SCENE_NOW_S INT64_C(1795589100)
#define SCENE_TODAY "2026-11-25"

typedef struct scene {
    char dir[64];
    fg_store_t *store;
    fg_control_t control;
    fg_arena_t *arena;
    fg_now_t now;
    uint64_t seed;
    fg_response_t response;
    char body[1 << 18]; /* of the last answer, NUL-terminated */
    json_t *json;       /* the same, parsed; NULL when it is empty */
} scene_t;

__attribute__((unused)) static int scene_setup(void **state)
{
    scene_t *scene = calloc(1, sizeof(*scene));
    fg_error_t error = {0};
    snprintf(scene->dir, sizeof(scene->dir), "/tmp/fg-control-XXXXXX");
    if (!mkdtemp(scene->dir))
        return -1;
    scene->seed = 42;
    fg_random_t random = fg_random_seeded(&scene->seed);
    fg_store_options_t options = {.data_dir = scene->dir, .random = random};
    if (fg_store_open(&options, &scene->store, &error) != FG_OK) {
        print_error("store: %s\n", error.message);
        return -1;
    }
    scene->control = (fg_control_t){.store = scene->store,
                                    .settings = {.region = "us-east-1",
                                                 .account_id = "000000000000",
                                                 .quota_exceeded_status = 403,
                                                 .is_unsigned_allowed = true},
                                    .random = random};
    scene->arena = fg_arena_new();
    scene->now.wall.s = SCENE_NOW_S;
    *state = scene;
    return 0;
}

static int scene_unlink(const char *path, const struct stat *stat, int kind, struct FTW *walk)
{
    (void)stat;
    (void)kind;
    (void)walk;
    return remove(path);
}

__attribute__((unused)) static int scene_teardown(void **state)
{
    scene_t *scene = *state;
    json_decref(scene->json);
    fg_store_close(scene->store);
    fg_arena_free(scene->arena);
    nftw(scene->dir, scene_unlink, 8, FTW_DEPTH | FTW_PHYS);
    free(scene);
    return 0;
}

/* The same with a gate and its agent. */
__attribute__((unused)) static int scene_gate_setup(void **state)
{
    static char gate_path[128]; /* borrowed by the agent */
    fg_error_t error = {0};
    if (scene_setup(state) != 0)
        return -1;
    scene_t *scene = *state;
    snprintf(gate_path, sizeof(gate_path), "%s/gate", scene->dir);
    fg_agent_options_t options = {
        .gate_path = gate_path, .group_id = -1, .keys_max = 1000, .slots_max = 1000};
    return fg_agent_open(scene->store, &options, &scene->control.agent, &error) == FG_OK ? 0 : -1;
}

__attribute__((unused)) static int scene_gate_teardown(void **state)
{
    scene_t *scene = *state;
    fg_agent_close(scene->control.agent);
    return scene_teardown(state);
}

static void scene_handle(scene_t *scene, const fg_request_t *request)
{
    fg_arena_reset(scene->arena);
    json_decref(scene->json);
    scene->json = NULL;
    fg_control_handle(&scene->control, request, scene->now, scene->arena, &scene->response);
    assert_true(scene->response.body.len < sizeof(scene->body));
    if (scene->response.body.len)
        memcpy(scene->body, scene->response.body.at, scene->response.body.len);
    scene->body[scene->response.body.len] = '\0';
    if (scene->response.body.len) {
        fg_error_t error;
        scene->json = fg_json_parse(scene->response.body, &error);
        assert_non_null(scene->json);
    }
}

/* Send a request; anything but `status` fails the test. `body` may be NULL. */
__attribute__((unused, format(printf, 5, 6))) static void
call(scene_t *scene, int status, const char *verb, const char *body, const char *target, ...)
{
    char line[4096];
    va_list arguments;
    va_start(arguments, target);
    vsnprintf(line, sizeof(line), target, arguments);
    va_end(arguments);
    fg_request_t request = {
        .verb = fg_str(verb), .target = fg_str(line), .body = body ? fg_str(body) : FG_STR("")};
    scene_handle(scene, &request);
    if (scene->response.status != status)
        fail_msg("%s %s %s: %d instead of %d: %s (%s)", verb, line, body ? body : "",
                 scene->response.status, status, scene->body, scene->response.error.message);
}

/* Header of the last answer; "" when absent. */
__attribute__((unused)) static fg_str_t header_at(const scene_t *scene, const char *name)
{
    for (size_t i = 0; i < scene->response.header_count; i++) {
        if (fg_str_eq_nocase(scene->response.headers[i].name, fg_str(name)))
            return scene->response.headers[i].value;
    }
    return FG_STR("");
}

/* Value behind a dotted path of the last answer ("item.0.name"); NULL when absent. */
static json_t *value_at(const scene_t *scene, const char *path)
{
    json_t *value = scene->json;
    char copy[256], *save = NULL;
    snprintf(copy, sizeof(copy), "%s", path);
    for (char *part = strtok_r(copy, ".", &save); part && value; part = strtok_r(NULL, ".", &save))
        value = json_is_array(value) ? json_array_get(value, (size_t)atoi(part))
                                     : json_object_get(value, part);
    return value;
}

/* "" when absent. */
__attribute__((unused)) static const char *text_at(const scene_t *scene, const char *path)
{
    const char *text = json_string_value(value_at(scene, path));
    return text ? text : "";
}

__attribute__((unused)) static void expect_message(const scene_t *scene, const char *exception,
                                                   const char *message)
{
    assert_true(fg_str_is(header_at(scene, "x-amzn-ErrorType"), exception));
    assert_string_equal(text_at(scene, "message"), message);
}

/* Number of the last change: equal before and after means that nothing was written. */
__attribute__((unused)) static uint64_t last_change(scene_t *scene)
{
    uint64_t seq = 0;
    fg_error_t error;
    assert_int_equal(fg_store_change_last(scene->store, &seq, &error), FG_OK);
    return seq;
}

/* A key's id into ret_id (room for 16). */
__attribute__((unused)) static void key_make(scene_t *scene, const char *body, char *ret_id)
{
    call(scene, 201, "POST", body, "/apikeys");
    snprintf(ret_id, 16, "%s", text_at(scene, "id"));
}

__attribute__((unused)) static void plan_make(scene_t *scene, const char *body, char *ret_id)
{
    call(scene, 201, "POST", body, "/usageplans");
    snprintf(ret_id, 16, "%s", text_at(scene, "id"));
}

/* An API and its stage straight into the store: what plans look for. */
__attribute__((unused)) static void stage_make(scene_t *scene, const char *api_id,
                                               const char *stage_name)
{
    fg_error_t error = {0};
    fg_document_t api = {FG_DOCUMENT_REST_API, FG_STR(""),   fg_str(api_id),
                         FG_STR(""),           FG_STR("{}"), 0};
    fg_document_t stage = {FG_DOCUMENT_STAGE, fg_str(api_id), fg_str(stage_name),
                           FG_STR("d"),       FG_STR("{}"),   0};
    assert_int_equal(fg_store_begin(scene->store, &error), FG_OK);
    assert_int_equal(fg_store_document_put(scene->store, &api, &error), FG_OK);
    assert_int_equal(fg_store_document_put(scene->store, &stage, &error), FG_OK);
    assert_int_equal(fg_store_commit(scene->store, &error), FG_OK);
}

#endif
