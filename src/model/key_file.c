#include "model/key_file.h"

#include "base/csv.h"
#include "base/limits.h"

static const char *const column_names[] = {
    [FG_KEY_COLUMN_NAME] = "Name",
    [FG_KEY_COLUMN_KEY] = "Key",
    [FG_KEY_COLUMN_DESCRIPTION] = "Description",
    [FG_KEY_COLUMN_ENABLED] = "Enabled",
    [FG_KEY_COLUMN_PLANS] = "UsagePlanIds",
};

static fg_key_column_t column_of(fg_str_t name)
{
    size_t i = 0;
    while (i < FG_COUNT_OF(column_names) && !fg_str_eq_nocase(name, fg_str(column_names[i])))
        i++;
    return (fg_key_column_t)i;
}

static fg_status_t refuse(fg_error_t *reterr, const char *text)
{
    return fg_error_set(reterr, FG_BAD_REQUEST, "body", "%s", text);
}

fg_status_t fg_key_file_open(fg_str_t text, fg_key_file_t *ret_file, fg_error_t *reterr)
{
    fg_key_file_t file = {.rest = fg_csv_without_mark(text)};
    bool has[FG_KEY_COLUMN_OTHER + 1] = {false};
    fg_csv_field_t field = {0};
    while (!field.is_last && fg_csv_next(&file.rest, &field)) {
        fg_key_column_t column = column_of(field.text);
        if (file.column_count == FG_KEY_FILE_COLUMNS_MAX)
            return refuse(reterr, "The header row has too many columns");
        if (field.is_broken || (has[column] && column != FG_KEY_COLUMN_OTHER))
            return refuse(reterr, "The header row is broken or names a column twice");
        has[column] = true;
        file.columns[file.column_count++] = (uint8_t)column;
    }
    if (!has[FG_KEY_COLUMN_NAME] || !has[FG_KEY_COLUMN_KEY]) /* Rule IM1 */
        return refuse(reterr, "The header row must name the columns Name and Key");
    *ret_file = file;
    return FG_OK;
}

/* Rule IM3. */
static void take_enabled(fg_key_row_t *row, fg_str_t text)
{
    row->is_enabled = !fg_str_eq_nocase(text, FG_STR("false"));
    if (row->is_enabled && text.len > 0 && !fg_str_eq_nocase(text, FG_STR("true")))
        row->trouble = "Enabled must be true or false";
}

static void take_field(fg_key_row_t *row, fg_key_column_t column, const fg_csv_field_t *field,
                       fg_arena_t *arena)
{
    if (field->is_broken)
        row->trouble = "a quote is not closed, or something stands behind it";
    if (column == FG_KEY_COLUMN_OTHER || row->trouble)
        return;
    fg_str_t text = fg_str_trim(fg_csv_text(field, arena));
    if (!text.at)
        row->trouble = fg_status_text(FG_NO_MEMORY);
    if (column == FG_KEY_COLUMN_NAME)
        row->name = text;
    if (column == FG_KEY_COLUMN_KEY)
        row->value = text;
    if (column == FG_KEY_COLUMN_DESCRIPTION)
        row->description = text;
    if (column == FG_KEY_COLUMN_PLANS)
        row->plan_ids = text;
    if (column == FG_KEY_COLUMN_ENABLED)
        take_enabled(row, text);
}

/* Rules K2, IM4. The value travels in a header, so it is visible ASCII. */
static const char *value_trouble(fg_str_t value)
{
    if (value.len == 0)
        return "the row has no Key";
    for (size_t i = 0; i < value.len; i++)
        if (value.at[i] <= ' ' || value.at[i] > '~')
            return "API Key value may hold visible ASCII characters only";
    if (value.len < FG_KEY_VALUE_BYTES_MIN)
        return "API Key value should be at least 20 characters";
    if (value.len > FG_KEY_VALUE_BYTES_MAX)
        return "API Key value exceeds maximum size of 128 characters";
    return NULL;
}

_Static_assert(FG_KEY_VALUE_BYTES_MIN == 20 && FG_KEY_VALUE_BYTES_MAX == 128, "as the texts say");

static const char *texts_trouble(const fg_key_row_t *row)
{
    if (!fg_str_is_utf8(row->name) || !fg_str_is_utf8(row->description))
        return "the row is not UTF-8";
    if (fg_text_length(row->name) > FG_KEY_NAME_BYTES_MAX)
        return "Invalid API Key name, can be at most 1024 characters.";
    if (fg_text_length(row->description) > FG_DESCRIPTION_BYTES_MAX)
        return "Invalid API Key description specified.";
    return NULL;
}

_Static_assert(FG_KEY_NAME_BYTES_MAX == 1024, "as the text says");

/* Fields of the next row, empty or not; false at the end. */
static bool read_row(fg_key_file_t *file, fg_arena_t *arena, fg_key_row_t *row, bool *ret_is_empty)
{
    fg_csv_field_t field = {0};
    size_t count = 0;
    *row = (fg_key_row_t){.name = FG_STR(""),
                          .value = FG_STR(""),
                          .description = FG_STR(""),
                          .plan_ids = FG_STR(""),
                          .is_enabled = true};
    for (; !field.is_last && fg_csv_next(&file->rest, &field); count++) {
        if (count < file->column_count)
            take_field(row, (fg_key_column_t)file->columns[count], &field, arena);
        else if (field.text.len > 0 && !row->trouble)
            row->trouble = "the row has more fields than there are columns";
    }
    *ret_is_empty = count == 1 && field.text.len == 0;
    return count > 0;
}

bool fg_key_file_next(fg_key_file_t *file, fg_arena_t *arena, fg_key_row_t *ret_row)
{
    fg_key_row_t row;
    bool is_empty = true;
    while (is_empty)
        if (!read_row(file, arena, &row, &is_empty))
            return false;
    row.number = ++file->rows;
    if (!row.trouble)
        row.trouble = value_trouble(row.value);
    if (!row.trouble)
        row.trouble = texts_trouble(&row);
    *ret_row = row;
    return true;
}
