#include "control/dates.h"

#include "base/clock.h"

static bool number_at(fg_str_t text, size_t at, size_t count, int *ret_number)
{
    int64_t number;
    if (text.at[at] == '-' || text.at[at] == '+' ||
        !fg_str_to_i64(fg_str_of(text.at + at, count), &number))
        return false;
    *ret_number = (int)number;
    return true;
}

bool fg_month_parse(fg_str_t text, uint32_t *ret_first_day, uint32_t *ret_end_day)
{
    int year, month;
    if (text.len != 7 || text.at[4] != '-' || !number_at(text, 0, 4, &year) ||
        !number_at(text, 5, 2, &month) || year < 1970 || month < 1 || month > 12)
        return false;
    *ret_first_day = (uint32_t)fg_day_from_civil(year, month, 1);
    *ret_end_day = (uint32_t)(month == 12 ? fg_day_from_civil(year + 1, 1, 1)
                                          : fg_day_from_civil(year, month + 1, 1));
    return true;
}

bool fg_date_parse(fg_str_t text, uint32_t *ret_day)
{
    uint32_t first_day, end_day;
    int day;
    if (text.len != 10 || text.at[7] != '-' ||
        !fg_month_parse(fg_str_of(text.at, 7), &first_day, &end_day) ||
        !number_at(text, 8, 2, &day) || day < 1 || (uint32_t)day > end_day - first_day)
        return false;
    *ret_day = first_day + (uint32_t)day - 1;
    return true;
}

fg_str_t fg_date_text(fg_arena_t *arena, uint32_t day_number)
{
    int year, month, day;
    fg_civil_from_day(day_number, &year, &month, &day);
    return fg_arena_printf(arena, "%04d-%02d-%02d", year, month, day);
}
