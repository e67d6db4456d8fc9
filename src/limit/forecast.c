#include "limit/forecast.h"

bool fg_forecast_runs_out(fg_pace_t pace, uint64_t remaining, fg_wall_t now, fg_wall_t window_end,
                          fg_wall_t *ret_at)
{
    if (now.s >= window_end.s)
        return false;
    if (remaining == 0) {
        *ret_at = now;
        return true;
    }
    if (pace.requests == 0)
        return false;
    uint64_t seconds = pace.seconds < 1 ? 1 : (uint64_t)pace.seconds;
    /* 128 bits: what remains of 2^40 requests times the seconds of a month is more than 64 hold */
    unsigned __int128 product = (unsigned __int128)remaining * seconds;
    unsigned __int128 wait = (product + pace.requests - 1) / pace.requests;
    if (wait >= (unsigned __int128)(window_end.s - now.s))
        return false;
    ret_at->s = now.s + (int64_t)wait;
    return true;
}
