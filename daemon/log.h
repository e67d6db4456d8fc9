/*
 * log - one line per fact on stderr: time, level, then name=value, values quoted where they need
 * it.
 *
 * Threads    Any; a line is one write.
 * Rule       Never a key value, a secret or a body.
 */
#ifndef FG_DAEMON_LOG_H
#define FG_DAEMON_LOG_H

#include "base/str.h"
#include "base/types.h"

typedef enum fg_log_level { FG_LOG_DEBUG, FG_LOG_INFO, FG_LOG_WARN, FG_LOG_ERROR } fg_log_level_t;

bool fg_log_level_of(const char *text, fg_log_level_t *ret_level);
void fg_log_set_level(fg_log_level_t level);

/* level=.. message=".." */
void fg_log(fg_log_level_t level, const char *format, ...) FG_PRINTF(2, 3);

typedef struct fg_log_call {
    const char *operation; /* "" when none matched */
    fg_str_t verb;
    int status;
    fg_str_t request_id;
    int64_t duration_us;
    const char *error; /* NULL when it went well */
} fg_log_call_t;
/* A control call: info, warn from 500 on. */
void fg_log_control_call(const fg_log_call_t *call);

#endif
