/* Any bytes as a file of keys: rows are numbered without a hole, and cutting it row by row first gives the same rows. */
#include "base/csv.h"
#include "model/key_file.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

static void check_same(const fg_key_row_t *row, const fg_key_row_t *again)
{
    if (!fg_str_eq(row->value, again->value) || !fg_str_eq(row->name, again->name) ||
        row->is_enabled != again->is_enabled || !row->trouble != !again->trouble)
        abort();
}

/* The rows of `text` one at a time, as the command line cuts them, against those of `whole`. */
static void check_cuts(fg_key_file_t whole, fg_arena_t *arena)
{
    fg_str_t rest = whole.rest, piece;
    fg_key_row_t row, again;
    while (rest.len > 0) {
        if (!fg_csv_row(&rest, &piece)) {
            piece = rest;
            rest.len = 0;
        }
        fg_key_file_t file = whole;
        file.rest = piece;
        while (fg_key_file_next(&file, arena, &again)) {
            if (!fg_key_file_next(&whole, arena, &row) || row.number != whole.rows)
                abort();
            check_same(&row, &again);
        }
    }
    if (fg_key_file_next(&whole, arena, &row))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    fg_error_t error = {0};
    fg_key_file_t file;
    fg_arena_t *arena = fg_arena_new();
    if (fg_key_file_open(fg_str_of((const char *)bytes, count), &file, &error) == FG_OK)
        check_cuts(file, arena);
    else if (!error.message[0])
        abort();
    fg_arena_free(arena);
    return 0;
}
