/* Texts that others wrote, on a terminal: nothing in them steers it, and columns stay columns. */
#include "../../cli/cli.c"
#include "../../cli/printable.c"

#include "words.h"

static const struct {
    const char *sentence;
    const char *text, *printable;
    const char *field; /* of five characters */
} rows[] = {
    {"plain", "abc", "abc", "abc  "},
    {"nothing", "", "", "     "},
    {"as wide as the field", "abcde", "abcde", "abcde"},
    {"too wide", "abcdef", "abcdef", "abcde"},
    {"two bytes a character", "caf\xc3\xa9", "caf\xc3\xa9", "caf\xc3\xa9 "},
    {"cut behind a character, not inside",
     "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xc3\xa9x",
     "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xc3\xa9x",
     "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xc3\xa9"},
    {"an escape sequence", "\x1b[2Jx", "?[2Jx", "?[2Jx"},
    {"a line break and a delete", "a\nb\x7f", "a?b?", "a?b? "},
    {"the one-byte escapes of C1, as UTF-8",
     "a\xc2\x9b"
     "1m",
     "a?1m", "a?1m "},
    {"a letter that begins as C1 does", "\xc2\xa9", "\xc2\xa9", "\xc2\xa9    "},
};

static void texts_are_made_safe(void **state)
{
    (void)state;
    for (size_t i = 0; i < FG_COUNT_OF(rows); i++) {
        const char *printable = fg_printable(rows[i].text), *field = fg_field(rows[i].text, 5);
        if (strcmp(printable, rows[i].printable) != 0 || strcmp(field, rows[i].field) != 0)
            fail_msg("%s: '%s', '%s'", rows[i].sentence, printable, field);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(texts_are_made_safe)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
