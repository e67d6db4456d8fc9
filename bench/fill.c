/*
 * fill - put many keys on one plan, straight into a store that no daemon holds open, and write
 * their values to a file.
 *
 * usage: fill DATA_DIR PLAN_ID COUNT VALUES_FILE
 * Why    A bench at a million keys measures the gateway; a million signed calls first would only
 * measure patience.
 */
#include "base/arena.h"
#include "store/store.h"

#include <stdio.h>
#include <stdlib.h>

enum { BATCH = 50000 };

typedef struct fill {
    fg_store_t *store;
    fg_arena_t *arena;
    fg_str_t plan_id;
    fg_random_t random;
    FILE *values;
} fill_t;

static void check(fg_status_t status, const fg_error_t *error)
{
    if (status == FG_OK)
        return;
    fprintf(stderr, "fill: %s: %s\n", fg_status_name(status), error->message);
    exit(1);
}

static void add_key(fill_t *fill, fg_error_t *error)
{
    char id[FG_ID_LONG_BYTES + 1], value[FG_KEY_VALUE_GENERATED_BYTES + 1];
    if (!fg_id_make(fill->random, FG_ID_LONG_BYTES, id) || !fg_key_value_make(fill->random, value))
        exit(1);
    fg_wall_t now = fg_now().wall;
    fg_api_key_t key = {.id = fg_str(id),
                        .value = fg_str(value),
                        .stage_keys = FG_STR("[]"),
                        .is_enabled = true,
                        .created_at = now,
                        .updated_at = now};
    check(fg_store_key_insert(fill->store, &key, error), error);
    check(fg_store_pair_insert(fill->store, fill->plan_id, key.id, error), error);
    fprintf(fill->values, "%s\n", value);
}

int main(int argc, char **argv)
{
    if (argc != 5) {
        fprintf(stderr, "usage: fill DATA_DIR PLAN_ID COUNT VALUES_FILE\n");
        return 2;
    }
    fg_error_t error = {0};
    fill_t fill = {.arena = fg_arena_new(),
                   .plan_id = fg_str(argv[2]),
                   .random = fg_random_system(),
                   .values = fopen(argv[4], "w")};
    if (!fill.arena || !fill.values)
        return 1;
    fg_store_options_t options = {.data_dir = argv[1], .random = fill.random};
    check(fg_store_open(&options, &fill.store, &error), &error);
    long count = atol(argv[3]);
    for (long done = 0; done < count; done++) {
        if (done % BATCH == 0)
            check(fg_store_begin(fill.store, &error), &error);
        add_key(&fill, &error);
        if (done % BATCH == BATCH - 1 || done == count - 1) {
            check(fg_store_commit(fill.store, &error), &error);
            fprintf(stderr, "\rfill: %ld of %ld", done + 1, count);
        }
    }
    fprintf(stderr, "\n");
    fg_store_close(fill.store);
    fg_arena_free(fill.arena);
    return fclose(fill.values) == 0 ? 0 : 1;
}
