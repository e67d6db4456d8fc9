/*
 * The civil calendar: days are counted in eras of 400 years that begin on 1 March, so that the leap day is the last day of
 * a year and every month's first day is a linear formula. Example: day 0 lies 719468 days after 0000-03-01.
 */
#include "base/clock.h"

#include <time.h>

enum { ERA_DAYS = 146097, EPOCH_DAYS = 719468 };

fg_now_t fg_now(void)
{
    struct timespec mono, wall;
    clock_gettime(CLOCK_MONOTONIC, &mono);
    clock_gettime(CLOCK_REALTIME, &wall);
    return (fg_now_t){.mono = {mono.tv_sec * FG_SECOND_US + mono.tv_nsec / 1000},
                      .wall = {wall.tv_sec}};
}

void fg_civil_from_day(int64_t day, int *ret_year, int *ret_month, int *ret_day)
{
    int64_t z = day + EPOCH_DAYS;
    int64_t era = (z >= 0 ? z : z - (ERA_DAYS - 1)) / ERA_DAYS;
    int64_t of_era = z - era * ERA_DAYS;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
    int64_t month = (5 * of_year + 2) / 153; /* from March */
    *ret_day = (int)(of_year - (153 * month + 2) / 5 + 1);
    *ret_month = (int)(month < 10 ? month + 3 : month - 9);
    *ret_year = (int)(year + era * 400 + (*ret_month <= 2));
}

int64_t fg_day_from_civil(int year, int month, int day)
{
    int64_t y = (int64_t)year - (month <= 2);
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t of_era_year = y - era * 400;
    int64_t of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    return era * ERA_DAYS + of_era_year * 365 + of_era_year / 4 - of_era_year / 100 + of_year -
           EPOCH_DAYS;
}
