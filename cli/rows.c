#include "rows.h"

/* Behind a field that begins with a double quote: at the quote that closes it, or at the end. */
static size_t behind_quoted(fg_str_t text, size_t at)
{
    for (at++; at < text.len; at++) {
        if (text.at[at] != '"')
            continue;
        if (at + 1 == text.len || text.at[at + 1] != '"')
            return at + 1;
        at++; /* a doubled one is a letter */
    }
    return text.len;
}

/* Behind a field that begins with a single quote and is closed on its line; else where it was. */
static size_t behind_single_quoted(fg_str_t text, size_t at)
{
    for (size_t end = at + 1; end < text.len; end++) {
        if (text.at[end] == '\n' || text.at[end] == '\r')
            break;
        if (text.at[end] == '\'')
            return end + 1;
    }
    return at;
}

/* Behind the row that begins at `at`, its line end included. */
static size_t behind_row(fg_str_t text, size_t at)
{
    bool is_field_start = true;
    while (at < text.len) {
        char byte = text.at[at];
        if (is_field_start && byte == '"') {
            at = behind_quoted(text, at);
            is_field_start = false;
            continue;
        }
        if (is_field_start && byte == '\'')
            at = behind_single_quoted(text, at);
        if (at == text.len)
            break;
        byte = text.at[at++];
        if (byte == '\n')
            return at;
        if (byte == '\r')
            return at < text.len && text.at[at] == '\n' ? at + 1 : at;
        is_field_start = byte == ',' || (is_field_start && (byte == ' ' || byte == '\t'));
    }
    return at;
}

size_t fg_rows_cut(fg_str_t text, size_t row_count, size_t bytes_max, size_t *ret_rows)
{
    size_t end = 0, rows = 0;
    while (end < text.len && rows < row_count) {
        size_t next = behind_row(text, end);
        if (rows > 0 && next > bytes_max)
            break;
        end = next;
        rows++;
    }
    *ret_rows = rows;
    return end;
}
