/*
 * dates - days as the API writes them: YYYY-MM-DD, UTC.
 */
#ifndef FG_CONTROL_DATES_H
#define FG_CONTROL_DATES_H

#include "base/arena.h"
#include "base/str.h"

/* The number of a day that exists, from 1970 on; false leaves *ret_day untouched. */
FG_MUST_USE bool fg_date_parse(fg_str_t text, uint32_t *ret_day);
/* Likewise of the first day of a month, YYYY-MM, and of the month after. */
FG_MUST_USE bool fg_month_parse(fg_str_t text, uint32_t *ret_first_day, uint32_t *ret_end_day);
/* FG_STR_NONE on lack of memory. */
fg_str_t fg_date_text(fg_arena_t *arena, uint32_t day);

#endif
