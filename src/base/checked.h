/*
 * checked - sums that say when they overflow.
 */
#ifndef FG_BASE_CHECKED_H
#define FG_BASE_CHECKED_H

#include "base/types.h"

/* True and *ret_sum set, or false and *ret_sum untouched. */
FG_MUST_USE static inline bool fg_add_size(size_t a, size_t b, size_t *ret_sum)
{
    size_t sum;
    if (__builtin_add_overflow(a, b, &sum))
        return false;
    *ret_sum = sum;
    return true;
}

FG_MUST_USE static inline bool fg_mul_size(size_t a, size_t b, size_t *ret_product)
{
    size_t product;
    if (__builtin_mul_overflow(a, b, &product))
        return false;
    *ret_product = product;
    return true;
}

#endif
