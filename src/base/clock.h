/*
 * clock - two times that never mix.
 *
 * Units      fg_mono_t counts microseconds of CLOCK_MONOTONIC (throttles); fg_wall_t counts UTC seconds (quotas).
 *            One-member structs, so that the compiler objects when they are swapped.
 */
#ifndef FG_BASE_CLOCK_H
#define FG_BASE_CLOCK_H

#include "base/types.h"

typedef struct fg_mono {
    int64_t us;
} fg_mono_t;

typedef struct fg_wall {
    int64_t s;
} fg_wall_t;

typedef struct fg_now {
    fg_mono_t mono;
    fg_wall_t wall;
} fg_now_t;

enum { FG_DAY_S = 86400 };
#define FG_SECOND_US INT64_C(1000000)

/* Both clocks of this machine, read one after the other. */
fg_now_t fg_now(void);

/* Civil date of a day number (days since 1970-01-01); months and days from 1. */
void fg_civil_from_day(int64_t day, int *ret_year, int *ret_month, int *ret_day);
/* Day number of a civil date. */
int64_t fg_day_from_civil(int year, int month, int day);

#endif
