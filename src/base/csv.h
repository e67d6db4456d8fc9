/*
 * csv - rows and fields of a comma-separated text, cut out of bytes.
 *
 * Shape      Rows end with LF, CRLF or CR, or with the text. Blanks around a field are not part of it. A field
 *            may stand in double quotes, and then hold commas, line ends and doubled quotes; or in single quotes,
 *            and then hold commas. A single quote that is not closed in its line is a letter as any other.
 * Ownership  Views look into the text.
 * Rule       docs/rules/import.md IM2.
 */
#ifndef FG_BASE_CSV_H
#define FG_BASE_CSV_H

#include "base/arena.h"
#include "base/str.h"

typedef struct fg_csv_field {
    fg_str_t text;  /* without its quotes; doubled ones inside are still doubled */
    char quote;     /* it stood in; NUL: in none */
    bool is_last;   /* of its row */
    bool is_ended;  /* by a comma or the end of a line rather than by the end of the text */
    bool is_broken; /* its quote is not closed, or something stands behind it */
} fg_csv_field_t;

/* Cut the next field off `rest`; false when there is nothing left. */
FG_MUST_USE bool fg_csv_next(fg_str_t *rest, fg_csv_field_t *ret_field);
/* What the field says, in the arena only if it holds doubled quotes. FG_STR_NONE without memory. */
fg_str_t fg_csv_text(const fg_csv_field_t *field, fg_arena_t *arena);
/* Cut the next row off `rest`, its line end included. False, and `rest` as it was, when the text ends
 * before the row does: what follows may still be part of it. */
FG_MUST_USE bool fg_csv_row(fg_str_t *rest, fg_str_t *ret_row);
/* The text without a byte order mark. */
fg_str_t fg_csv_without_mark(fg_str_t text);

#endif
