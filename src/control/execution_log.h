/*
 * execution_log - the text that TestInvokeMethod and TestInvokeAuthorizer tell a run by.
 *
 * Shape      A first line with the request's id, then one line per fact, each behind the time.
 * Ownership  Everything in the call's arena.
 * Failure    Lack of memory is kept and told at the end.
 * Rule       TI11 (docs/rules/test-invoke.md), reference 6.13.
 */
#ifndef FG_CONTROL_EXECUTION_LOG_H
#define FG_CONTROL_EXECUTION_LOG_H

#include "base/arena.h"
#include "base/clock.h"
#include "mapping/lambda_event.h"

enum { FG_EXECUTION_LINE_BYTES_MAX = 1024 };

typedef struct fg_execution_log {
    fg_arena_t *arena;
    char *at;
    size_t len, room;
    char time[48]; /* "Thu Nov 17 22:09:29 UTC 2016" */
    bool is_out_of_memory;
} fg_execution_log_t;

void fg_execution_log_begin(fg_execution_log_t *log, fg_arena_t *arena, fg_wall_t now,
                            fg_str_t request_id);
/* What is behind the time is cut at FG_EXECUTION_LINE_BYTES_MAX; bytes that are no UTF-8 are shown
 * as U+FFFD. */
void fg_execution_log_line(fg_execution_log_t *log, const char *format, ...) FG_PRINTF(2, 3);
/* "{name=value, name=value}"; the values of X-API-Key and Authorization show their last six
 * characters. */
fg_str_t fg_execution_log_pairs(fg_execution_log_t *log, fg_lambda_pairs_t pairs);
/* FG_STR_NONE when memory was lacking on the way. */
fg_str_t fg_execution_log_text(const fg_execution_log_t *log);

/* `text` with what is no UTF-8, and NUL, as U+FFFD; FG_STR_NONE on lack of memory. */
fg_str_t fg_text_repair(fg_str_t text, fg_arena_t *arena);

#endif
