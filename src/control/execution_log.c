#include "control/execution_log.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>

enum { SHOWN_BYTES = 6 };

static void append(fg_execution_log_t *log, fg_str_t text)
{
    if (log->is_out_of_memory)
        return;
    if (log->len + text.len > log->room) {
        size_t room = (log->len + text.len) * 2;
        char *at = fg_arena_alloc(log->arena, room);
        if (!at) {
            log->is_out_of_memory = true;
            return;
        }
        if (log->len)
            memcpy(at, log->at, log->len);
        log->at = at;
        log->room = room;
    }
    if (text.len)
        memcpy(log->at + log->len, text.at, text.len);
    log->len += text.len;
}

/* Bytes of the well-formed character at the front; 0 for none. */
static size_t character_bytes(fg_str_t text)
{
    for (size_t bytes = 1; bytes <= 4 && bytes <= text.len; bytes++) {
        if (fg_str_is_utf8(fg_str_of(text.at, bytes)))
            return bytes;
    }
    return 0;
}

fg_str_t fg_text_repair(fg_str_t text, fg_arena_t *arena)
{
    static const fg_str_t replacement = FG_STR("\xef\xbf\xbd");
    if (fg_str_is_utf8(text))
        return text.at ? text : FG_STR("");
    char *out = fg_arena_alloc(arena, text.len * replacement.len + 1);
    size_t len = 0;
    for (size_t at = 0; out && at < text.len;) {
        size_t bytes = character_bytes(fg_str_of(text.at + at, text.len - at));
        fg_str_t put = bytes ? fg_str_of(text.at + at, bytes) : replacement;
        memcpy(out + len, put.at, put.len);
        len += put.len;
        at += bytes ? bytes : 1;
    }
    return out ? fg_str_of(out, len) : FG_STR_NONE;
}

void fg_execution_log_begin(fg_execution_log_t *log, fg_arena_t *arena, fg_wall_t now,
                            fg_str_t request_id)
{
    struct tm utc;
    time_t second = (time_t)now.s;
    *log = (fg_execution_log_t){.arena = arena};
    (void)gmtime_r(&second, &utc);
    (void)strftime(log->time, sizeof(log->time), "%a %b %d %H:%M:%S UTC %Y", &utc);
    append(log, FG_STR("Execution log for request "));
    append(log, request_id);
    append(log, FG_STR("\n"));
}

void fg_execution_log_line(fg_execution_log_t *log, const char *format, ...)
{
    char line[FG_EXECUTION_LINE_BYTES_MAX + 4];
    va_list arguments;
    va_start(arguments, format);
    int written = vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    size_t len = written < 0 ? 0 : (size_t)written;
    if (len > FG_EXECUTION_LINE_BYTES_MAX) { /* not within a character */
        len = FG_EXECUTION_LINE_BYTES_MAX;
        while (len > 0 && ((unsigned char)line[len] & 0xC0) == 0x80)
            len--;
    }
    fg_str_t text = fg_text_repair(fg_str_of(line, len), log->arena);
    log->is_out_of_memory = log->is_out_of_memory || !text.at;
    append(log, fg_str(log->time));
    append(log, FG_STR(" : "));
    append(log, text);
    append(log, FG_STR("\n"));
}

static fg_str_t masked(fg_execution_log_t *log, fg_route_pair_t pair)
{
    if (!fg_str_eq_nocase(pair.name, FG_STR("x-api-key")) &&
        !fg_str_eq_nocase(pair.name, FG_STR("authorization")))
        return pair.value;
    size_t shown = pair.value.len > 2 * SHOWN_BYTES ? SHOWN_BYTES : 0;
    return fg_arena_printf(log->arena, "**********%.*s", (int)shown,
                           pair.value.at + pair.value.len - shown);
}

fg_str_t fg_execution_log_pairs(fg_execution_log_t *log, fg_lambda_pairs_t pairs)
{
    fg_execution_log_t text = {.arena = log->arena};
    append(&text, FG_STR("{"));
    for (size_t i = 0; i < pairs.count; i++) {
        fg_str_t value = masked(log, pairs.at[i]);
        text.is_out_of_memory = text.is_out_of_memory || !value.at;
        append(&text, i ? FG_STR(", ") : FG_STR(""));
        append(&text, pairs.at[i].name);
        append(&text, FG_STR("="));
        append(&text, value);
    }
    append(&text, FG_STR("}"));
    log->is_out_of_memory = log->is_out_of_memory || text.is_out_of_memory;
    return fg_execution_log_text(&text);
}

fg_str_t fg_execution_log_text(const fg_execution_log_t *log)
{
    return log->is_out_of_memory ? FG_STR_NONE : fg_str_of(log->at, log->len);
}
