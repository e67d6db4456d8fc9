/*
 * fixture - a store in a directory of its own, for the tests of the store.
 */
#ifndef FG_TESTS_STORE_FIXTURE_H
#define FG_TESTS_STORE_FIXTURE_H

#include "store/db.h"
#include "store/store.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

typedef struct fixture {
    char dir[64];
    fg_store_t *store;
    fg_arena_t *arena;
    fg_error_t error;
} fixture_t;

static inline fg_status_t fixture_open(fixture_t *f)
{
    fg_store_options_t options = {.data_dir = f->dir, .random = fg_random_system()};
    return fg_store_open(&options, &f->store, &f->error);
}

static inline void fixture_close(fixture_t *f)
{
    fg_store_close(f->store);
    f->store = NULL;
}

static inline void fixture_path(const fixture_t *f, const char *name, char ret_path[128])
{
    (void)snprintf(ret_path, 128, "%s/%s", f->dir, name);
}

static inline int fixture_setup(void **state)
{
    fixture_t *f = calloc(1, sizeof(*f));
    (void)snprintf(f->dir, sizeof(f->dir), "/tmp/fg-store-XXXXXX");
    if (!mkdtemp(f->dir))
        return -1;
    f->arena = fg_arena_new();
    *state = f;
    return fixture_open(f) == FG_OK ? 0 : -1;
}

static inline int fixture_teardown(void **state)
{
    static const char *const names[] = {"faregate.db", "faregate.db-wal", "faregate.db-shm",
                                        "secret.key"};
    fixture_t *f = *state;
    char path[128];
    fixture_close(f);
    for (size_t i = 0; i < FG_COUNT_OF(names); i++) {
        fixture_path(f, names[i], path);
        (void)unlink(path);
    }
    (void)rmdir(f->dir);
    fg_arena_free(f->arena);
    free(f);
    return 0;
}

#define ok(expression) fixture_ok(f, (expression), #expression, __LINE__)
static inline void fixture_ok(fixture_t *f, fg_status_t status, const char *text, int line)
{
    if (status != FG_OK)
        fail_msg("line %d: %s: %s: %s", line, text, fg_status_name(status), f->error.message);
}

static inline void begin(fixture_t *f)
{
    ok(fg_store_begin(f->store, &f->error));
}

static inline void commit(fixture_t *f)
{
    ok(fg_store_commit(f->store, &f->error));
}

/* A key whose value is "value-of-<id>-0123456789". */
static inline fg_api_key_t key_of(fixture_t *f, const char *id, const char *name)
{
    return (fg_api_key_t){.id = fg_arena_copy(f->arena, fg_str(id)),
                          .name = fg_arena_copy(f->arena, fg_str(name)),
                          .value = fg_arena_printf(f->arena, "value-of-%s-0123456789", id),
                          .is_enabled = true,
                          .created_at = {100},
                          .updated_at = {100}};
}

static inline fg_status_t put_key(fixture_t *f, const char *id, const char *name)
{
    fg_api_key_t key = key_of(f, id, name);
    return fg_store_key_insert(f->store, &key, &f->error);
}

static inline fg_status_t put_plan(fixture_t *f, const char *id, fg_api_stage_t *stages,
                                   size_t stage_count)
{
    fg_usage_plan_t plan = {
        .id = fg_str(id), .name = fg_str(id), .stages = stages, .stage_count = stage_count};
    return fg_store_plan_insert(f->store, &plan, &f->error);
}

static inline fg_status_t put_document(fixture_t *f, fg_document_kind_t kind, const char *api,
                                       const char *id)
{
    fg_document_t document = {.kind = kind,
                              .api_id = fg_str(api),
                              .id = fg_str(id),
                              .parent_id = FG_STR(""),
                              .json = FG_STR("{\"a\":1}")};
    return fg_store_document_put(f->store, &document, &f->error);
}

/* The changes after `seq`, as "kind:id/parent" with a * behind those with a digest. */
static inline const char *changes_after(fixture_t *f, uint64_t seq)
{
    fg_change_t *changes;
    size_t count;
    bool is_gapless;
    fg_str_t text = FG_STR("");
    ok(fg_store_changes(f->store, seq, 1000, f->arena, &changes, &count, &is_gapless, &f->error));
    for (size_t i = 0; i < count; i++)
        text = fg_arena_printf(f->arena, "%.*s%s%c:%.*s/%.*s%s", FG_STR_ARG(text), i ? " " : "",
                               "KPASTR"[changes[i].kind], FG_STR_ARG(changes[i].id),
                               FG_STR_ARG(changes[i].parent), changes[i].has_digest ? "*" : "");
    return text.at;
}

static inline uint64_t last_change(fixture_t *f)
{
    uint64_t seq;
    ok(fg_store_change_last(f->store, &seq, &f->error));
    return seq;
}

#endif
