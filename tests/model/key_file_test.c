/* Rules IM1 to IM4, K2; reference 4.1. */
#include "words.h"

#include "model/key_file.h"

#include <stdio.h>

#define K20 "abcdefghij0123456789"
#define K30 K20 "klmnopqrst"

/* Each row is a file and what its rows say: number name|key|description|enabled|plans, or !trouble. */
static const struct {
    const char *text, *rows;
} files[] = {
    /* columns come in any order and case, blanks around them do not count, others are ignored */
    {" KEY , other,nAmE\n" K30 ", x ,n\n", "1 n|" K30 "||1|;"},
    /* a row that is not given its later fields has empty ones */
    {"name,key,description,enabled,usageplanids\nn," K30 "\n", "1 n|" K30 "||1|;"},
    /* any-case true or false; true when nothing is said */
    {"name,key,enabled\na," K30 ",FALSE\nb," K30 ",True\nc," K30 ",\nd," K30 ",maybe\n",
     "1 a|" K30 "||0|;2 b|" K30 "||1|;3 c|" K30 "||1|;4 !Enabled must be true or false;"},
    /* several plans within quotes of either kind */
    {"key,name,UsagePlanIds\n" K30 ",a,\"p1, p2\"\n" K30 ",b,'p1,p2'\n" K30 ",c,p1\n",
     "1 a|" K30 "||1|p1, p2;2 b|" K30 "||1|p1,p2;3 c|" K30 "||1|p1;"},
    /* doubled quotes, line ends and commas inside of double quotes */
    {"name,key,description\n\"a \"\"b\"\", c\"," K30 ",\"two\nlines\"\n",
     "1 a \"b\", c|" K30 "|two\nlines|1|;"},
    /* a single quote that is not closed in its line is a letter */
    {"name,key\n'tis," K30 "\nit's," K30 "\n", "1 'tis|" K30 "||1|;2 it's|" K30 "||1|;"},
    /* CRLF, CR, a byte order mark, empty rows, no line end at the end */
    {"\xef\xbb\xbfname,key\r\n\r\na," K30 "\r\n \rb," K30, "1 a|" K30 "||1|;2 b|" K30 "||1|;"},
    /* 20 to 128 visible characters */
    {"name,key\na," K20 "\nb,abcdefghij012345678\nc,\nd," K20 " x\n",
     "1 a|" K20 "||1|;2 !API Key value should be at least 20 characters;3 !the row has no Key;"
     "4 !API Key value may hold visible ASCII characters only;"},
    {"key,name\n" K30 K30 K30 K30 "12345678,a\n" K30 K30 K30 K30 "123456789,b\n",
     "1 a|" K30 K30 K30 K30 "12345678||1|;"
     "2 !API Key value exceeds maximum size of 128 characters;"},
    {"name,key\na," K30 ",extra\n\"a\"b," K30 "\n\xff," K30 "\n",
     "1 !the row has more fields than there are columns;"
     "2 !a quote is not closed, or something stands behind it;3 !the row is not UTF-8;"},
    {"name,key\n\"open," K30 "\nb," K30 "\n",
     "1 !a quote is not closed, or something stands behind it;"},
    {"name,key\n", ""},
};

static void rows_are_read(void **state)
{
    fg_arena_t *arena = fg_arena_new();
    (void)state;
    for (size_t i = 0; i < FG_COUNT_OF(files); i++) {
        char said[2048] = "";
        size_t bytes = 0;
        fg_error_t error = {0};
        fg_key_file_t file;
        fg_key_row_t row;
        assert_int_equal(fg_key_file_open(fg_str(files[i].text), &file, &error), FG_OK);
        while (fg_key_file_next(&file, arena, &row)) {
            bytes += (size_t)snprintf(said + bytes, sizeof(said) - bytes, "%d ", (int)row.number);
            if (row.trouble)
                bytes += (size_t)snprintf(said + bytes, sizeof(said) - bytes, "!%s;", row.trouble);
            else
                bytes += (size_t)snprintf(said + bytes, sizeof(said) - bytes, "%.*s|%.*s|%.*s|%d|%.*s;",
                                          FG_STR_ARG(row.name), FG_STR_ARG(row.value),
                                          FG_STR_ARG(row.description), row.is_enabled,
                                          FG_STR_ARG(row.plan_ids));
        }
        assert_string_equal(said, files[i].rows);
    }
    fg_arena_free(arena);
}

static void headers_are_refused(void **state)
{
    static const char needed[] = "The header row must name the columns Name and Key";
    static const struct {
        const char *text, *message;
    } rows[] = {
        {"", needed},
        {"nothing\n", needed},
        {"Name,Description\nn,d\n", needed},
        {"key,\n", needed},
        {"name,key,NAME\n", "The header row is broken or names a column twice"},
        {"name,\"key\n", "The header row is broken or names a column twice"},
    };
    (void)state;
    for (size_t i = 0; i < FG_COUNT_OF(rows); i++) {
        fg_error_t error = {0};
        fg_key_file_t file;
        assert_int_equal(fg_key_file_open(fg_str(rows[i].text), &file, &error), FG_BAD_REQUEST);
        assert_string_equal(error.message, rows[i].message);
    }
}

/* given 64 columns, when there is one more, expect a refusal */
static void columns_have_a_maximum(void **state)
{
    char text[512] = "name,key";
    fg_error_t error = {0};
    fg_key_file_t file;
    (void)state;
    for (int i = 2; i < FG_KEY_FILE_COLUMNS_MAX; i++)
        strcat(text, ",x");
    assert_int_equal(fg_key_file_open(fg_str(text), &file, &error), FG_OK);
    strcat(text, ",x");
    assert_int_equal(fg_key_file_open(fg_str(text), &file, &error), FG_BAD_REQUEST);
    assert_string_equal(error.message, "The header row has too many columns");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_read),
        cmocka_unit_test(headers_are_refused),
        cmocka_unit_test(columns_have_a_maximum),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
