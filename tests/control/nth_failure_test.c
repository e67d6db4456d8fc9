/*
 * Every operation with each of its store calls, arena allocations and JSON allocations failing in turn: a clean
 * error, nothing half written, nothing leaked (the sanitizer looks), and the next call works.
 */
#include "control/every.h"
#include "store/db.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* ---- what fails ---- */

typedef enum failing { FAIL_STORE, FAIL_ARENA, FAIL_JSON, FAIL_KINDS } failing_t;
static const char *const failing_names[] = {"store call", "arena allocation", "JSON allocation"};

static int64_t json_left = -1; /* allocations that still succeed; -1: all */
static bool has_json_failed;

static void *json_alloc(size_t bytes)
{
    if (json_left == 0) {
        has_json_failed = true;
        return NULL;
    }
    json_left -= json_left > 0;
    return malloc(bytes);
}

static void fail_after(every_t *every, fg_arena_t *arena, failing_t kind, int64_t count)
{
    if (kind == FAIL_STORE)
        fg_db_fail_after(fg_store_db(every->store), count);
    else if (kind == FAIL_ARENA)
        fg_arena_fail_after(arena, count);
    else
        json_left = count;
}

/* ---- what must not change ---- */

typedef struct mark {
    int64_t change, keys, documents, audit, tokens;
} mark_t;

static int64_t number_of(every_t *every, const char *sql)
{
    fg_error_t error;
    bool has_row = false;
    fg_stmt_t *stmt = fg_db_prepare(fg_store_db(every->store), sql);
    assert_int_equal(fg_db_step(stmt, &has_row, &error), FG_OK);
    int64_t number = has_row ? fg_db_column_i64(stmt, 0) : 0;
    fg_db_finish(stmt);
    return number;
}

static mark_t mark_of(every_t *every)
{
    return (mark_t){
        .change = number_of(every, "SELECT value FROM counters WHERE name = 'change'"),
        .keys = number_of(every, "SELECT COUNT(*) FROM api_keys"),
        .documents = number_of(every, "SELECT COUNT(*) FROM documents"),
        .audit = number_of(every, "SELECT COUNT(*) FROM audit"),
        .tokens = number_of(every, "SELECT COUNT(*) FROM client_tokens"),
    };
}

/* ---- one row ---- */

enum { COUNT_MAX = 100000 }; /* no request needs as many */

/* jansson's lexer tells a lack of memory as an error in the text. */
static bool is_told(const every_t *every, const every_row_t *row, failing_t kind)
{
    return row->status >= 400 || every->response.status >= (kind == FAIL_JSON ? 400 : 500);
}

/* What a look-up answers when nothing fails; FG_STR_NONE for what changes something. */
static fg_str_t reference_of(every_t *every, const every_row_t *row, fg_str_t target)
{
    if (strcmp(row->verb, "GET") != 0)
        return FG_STR_NONE;
    every_send(every, every->arena, row->verb, target, FG_STR(""));
    return every->response.body;
}

/* Each failure leaves nothing behind; the answer at last lives in `arena`. */
static void fail_until_done(every_t *every, fg_arena_t *arena, const every_row_t *row,
                            fg_str_t target, fg_str_t body, failing_t kind)
{
    mark_t before = mark_of(every);
    /* an RSA key takes a while to find: not every number for it */
    int64_t stride = fg_str_eq(target, FG_STR("/clientcertificates")) ? 7 : 1;
    for (int64_t count = 0;; count += stride) {
        assert_true(count < COUNT_MAX);
        fg_arena_reset(arena);
        fail_after(every, arena, kind, count);
        every_send(every, arena, row->verb, target, body);
        fail_after(every, arena, kind, -1);
        assert_false(fg_db_in_transaction(fg_store_db(every->store)));
        if (every->response.status == row->status)
            break;
        if (!is_told(every, row, kind))
            fail_msg("%s %s with %s %lld failing: %d: %s", row->verb, row->target,
                     failing_names[kind], (long long)count, every->response.status,
                     every->response.error.message);
        mark_t after = mark_of(every);
        assert_memory_equal(&after, &before, sizeof(after));
    }
}

/* Rule CT1: under its token a create that is sent again makes nothing, whatever fails. */
static void fail_again(every_t *every, fg_arena_t *arena, const every_row_t *row, fg_str_t target,
                       fg_str_t body, failing_t kind)
{
    if (strcmp(row->verb, "POST") != 0 || (row->status != 201 && row->status != 202))
        return;
    mark_t before = mark_of(every);
    fail_until_done(every, arena, row, target, body, kind);
    mark_t after = mark_of(every);
    assert_memory_equal(&after, &before, sizeof(after));
}

static void fail_row(every_t *every, const every_row_t *row, failing_t kind)
{
    fg_arena_t *arena = fg_arena_new();
    char token[32];
    (void)snprintf(token, sizeof(token), "row-%td", row - every_rows);
    every->token = token;
    fg_str_t target = every_fill(every, every->arena, row->target),
             body = every_fill(every, every->arena, row->body);
    fg_str_t reference = reference_of(every, row, target);
    fail_until_done(every, arena, row, target, body, kind);
    if (row->status < 400 && reference.at &&
        !fg_str_eq(every->response.body, reference)) /* a failure was overlooked */
        fail_msg("%s %s: %.*s instead of %.*s", row->verb, row->target,
                 FG_STR_ARG(every->response.body), FG_STR_ARG(reference));
    if (row->keep)
        every_keep(every, row->keep);
    fail_again(every, arena, row, target, body, kind);
    every->token = NULL;
    fg_arena_free(arena);
}

static void fail_all(failing_t kind)
{
    every_t every;
    assert_true(every_init(&every));
    for (size_t i = 0; i < FG_COUNT_OF(every_rows); i++) {
        fg_arena_reset(every.arena);
        fail_row(&every, &every_rows[i], kind);
    }
    every_done(&every);
}

static void the_nth_failing_store_call_leaves_nothing_behind(void **state)
{
    (void)state;
    fail_all(FAIL_STORE);
}

static void the_nth_failing_arena_allocation_leaves_nothing_behind(void **state)
{
    (void)state;
    fail_all(FAIL_ARENA);
}

static void the_nth_failing_json_allocation_leaves_nothing_behind(void **state)
{
    (void)state;
    json_set_alloc_funcs(json_alloc, free);
    fail_all(FAIL_JSON);
    assert_true(has_json_failed);
}

/* ---- the rows ---- */

static void every_operation_is_there(void **state)
{
    (void)state;
    every_t every;
    bool is_called[256] = {false};
    assert_true(every_init(&every));
    assert_true(fg_operation_count < FG_COUNT_OF(is_called));
    for (size_t i = 0; i < FG_COUNT_OF(every_rows); i++) {
        assert_true(every_call(&every, &every_rows[i]));
        for (size_t j = 0; j < fg_operation_count; j++)
            is_called[j] |= strcmp(every.response.operation, fg_operations[j].name) == 0;
    }
    every_done(&every);
    for (size_t j = 0; j < fg_operation_count; j++) {
        /* these need a gate */
        bool is_elsewhere = strcmp(fg_operations[j].path, "/faregate/explain") == 0 ||
                            strcmp(fg_operations[j].path, "/faregate/explain/{}") == 0 ||
                            strcmp(fg_operations[j].path, "/faregate/top") == 0;
        if (fg_operations[j].handler && !is_called[j] && !is_elsewhere)
            fail_msg("every_rows lacks %s", fg_operations[j].name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_operation_is_there),
        cmocka_unit_test(the_nth_failing_store_call_leaves_nothing_behind),
        cmocka_unit_test(the_nth_failing_arena_allocation_leaves_nothing_behind),
        cmocka_unit_test(the_nth_failing_json_allocation_leaves_nothing_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
