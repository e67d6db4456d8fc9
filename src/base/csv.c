#include "base/csv.h"

static bool is_line_end(char c)
{
    return c == '\n' || c == '\r';
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static size_t skip_blanks(fg_str_t text, size_t from)
{
    while (from < text.len && is_blank(text.at[from]))
        from++;
    return from;
}

/* Where the field ends that is not quoted from `from` on. */
static size_t find_end(fg_str_t text, size_t from)
{
    while (from < text.len && text.at[from] != ',' && !is_line_end(text.at[from]))
        from++;
    return from;
}

/* The quote that closes the one in front of `from`; text.len when none does. */
static size_t find_quote(fg_str_t text, size_t from, char quote)
{
    for (size_t i = from; i < text.len; i++) {
        if (quote == '\'' && is_line_end(text.at[i]))
            return text.len;
        if (text.at[i] != quote)
            continue;
        if (i + 1 == text.len || text.at[i + 1] != quote)
            return i;
        i++;
    }
    return text.len;
}

/* Does the field end at `at`? */
static bool is_end(fg_str_t text, size_t at)
{
    return at == text.len || text.at[at] == ',' || is_line_end(text.at[at]);
}

/* The field that a quote at `start` opens: its end, or 0 when the quote is none. */
static size_t take_quoted(fg_str_t text, size_t start, fg_csv_field_t *field)
{
    char quote = text.at[start];
    size_t close = find_quote(text, start + 1, quote);
    size_t behind = close < text.len ? skip_blanks(text, close + 1) : text.len;
    if (quote == '\'' && (close == text.len || !is_end(text, behind)))
        return 0;
    field->quote = quote;
    field->text = fg_str_of(text.at + start + 1, close - start - 1);
    field->is_broken = close == text.len || !is_end(text, behind);
    return find_end(text, behind);
}

bool fg_csv_next(fg_str_t *rest, fg_csv_field_t *ret_field)
{
    fg_str_t text = *rest;
    if (text.len == 0)
        return false;
    fg_csv_field_t field = {.text = FG_STR("")};
    size_t start = skip_blanks(text, 0), end = 0;
    if (start < text.len && (text.at[start] == '"' || text.at[start] == '\''))
        end = take_quoted(text, start, &field);
    if (!field.quote) {
        end = find_end(text, start);
        field.text = fg_str_trim(fg_str_of(text.at + start, end - start));
    }
    field.is_ended = end < text.len;
    field.is_last = end == text.len || text.at[end] != ',';
    if (end < text.len)
        end += text.at[end] == '\r' && end + 1 < text.len && text.at[end + 1] == '\n' ? 2 : 1;
    *rest = fg_str_of(text.at + end, text.len - end);
    *ret_field = field;
    return true;
}

fg_str_t fg_csv_text(const fg_csv_field_t *field, fg_arena_t *arena)
{
    fg_str_t from = field->text;
    if (!field->quote || fg_str_find(from, field->quote) == from.len)
        return from;
    char *text = fg_arena_alloc(arena, from.len + 1);
    size_t bytes = 0;
    if (!text)
        return FG_STR_NONE;
    for (size_t i = 0; i < from.len; i++) {
        text[bytes++] = from.at[i];
        if (from.at[i] == field->quote && i + 1 < from.len && from.at[i + 1] == field->quote)
            i++;
    }
    return fg_str_of(text, bytes);
}

bool fg_csv_row(fg_str_t *rest, fg_str_t *ret_row)
{
    fg_str_t left = *rest;
    fg_csv_field_t field;
    bool is_whole = false;
    while (fg_csv_next(&left, &field)) {
        /* a CR at the very end may be half of a CRLF */
        if (field.is_last) {
            is_whole = field.is_ended && (left.len > 0 || left.at[-1] == '\n');
            break;
        }
    }
    if (!is_whole)
        return false;
    *ret_row = fg_str_of(rest->at, (size_t)(left.at - rest->at));
    *rest = left;
    return true;
}

fg_str_t fg_csv_without_mark(fg_str_t text)
{
    static const char mark[] = "\xef\xbb\xbf";
    if (!fg_str_starts_with(text, fg_str(mark)))
        return text;
    return fg_str_of(text.at + 3, text.len - 3);
}
