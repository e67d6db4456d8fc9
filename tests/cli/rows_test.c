/* A CSV text is cut where rows end, and nowhere else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../cli/rows.c"

static const struct {
    const char *says, *text;
    size_t row_count, bytes_max;
    size_t bytes, rows;
} rows[] = {
    {"one row of two", "a,b\nc,d\n", 1, 99, 4, 1},
    {"no line end at the end", "a,b\nc,d", 9, 99, 7, 2},
    {"CRLF is one line end", "a\r\nb\r\n", 1, 99, 3, 1},
    {"CR alone is one", "a\rb\r", 1, 99, 2, 1},
    {"a line end in double quotes is none", "\"a\nb\",c\nd\n", 1, 99, 8, 1},
    {"a doubled quote closes nothing", "\"a\"\"\nb\"\nc\n", 1, 99, 8, 1},
    {"a quote within a field is a letter", "a\"b\nc\"d\n", 1, 99, 4, 1},
    {"blanks before a quoted field", "a, \"b\nc\"\nd\n", 1, 99, 9, 1},
    {"single quotes hide a double one", "'a,\"b',c\nd\n", 1, 99, 9, 1},
    {"a single quote that is not closed is a letter", "it's,'n\nb\n", 1, 99, 8, 1},
    {"a double quote that is not closed takes all", "a,\"b\nc\nd", 1, 99, 8, 1},
    {"the bytes end before the rows", "aa\nbb\ncc\n", 9, 7, 6, 2},
    {"at least one row, whatever its length", "aaaaaaaaaa\nb\n", 9, 3, 11, 1},
    {"nothing", "", 9, 99, 0, 0},
};

static void rows_are_cut_where_they_end(void **state)
{
    (void)state;
    for (size_t i = 0; i < FG_COUNT_OF(rows); i++) {
        size_t count = 99;
        size_t bytes =
            fg_rows_cut(fg_str(rows[i].text), rows[i].row_count, rows[i].bytes_max, &count);
        if (bytes != rows[i].bytes || count != rows[i].rows)
            fail_msg("%s: %zu bytes, %zu rows", rows[i].says, bytes, count);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(rows_are_cut_where_they_end)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
