#include "log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LINE_BYTES_MAX = 4096 };

static fg_log_level_t lowest = FG_LOG_INFO;
static const char *const level_names[] = {"debug", "info", "warn", "error"};

bool fg_log_level_of(const char *text, fg_log_level_t *ret_level)
{
    for (size_t i = 0; i < FG_COUNT_OF(level_names); i++)
        if (strcmp(text, level_names[i]) == 0) {
            *ret_level = (fg_log_level_t)i;
            return true;
        }
    return false;
}

void fg_log_set_level(fg_log_level_t level)
{
    lowest = level;
}

/* A line under construction: what does not fit is cut. */
typedef struct line {
    char text[LINE_BYTES_MAX];
    size_t bytes;
} line_t;

static void put(line_t *line, const char *text, size_t bytes)
{
    size_t room = LINE_BYTES_MAX - 1 - line->bytes; /* one for the line feed */
    if (bytes > room)
        bytes = room;
    memcpy(line->text + line->bytes, text, bytes);
    line->bytes += bytes;
}

static void put_quoted(line_t *line, fg_str_t value)
{
    put(line, "\"", 1);
    for (size_t i = 0; i < value.len; i++) {
        unsigned char byte = (unsigned char)value.at[i];
        if (byte == '"' || byte == '\\')
            put(line, "\\", 1);
        if (byte < ' ' || byte == 0x7f)
            put(line, " ", 1); /* a line stays a line */
        else
            put(line, value.at + i, 1);
    }
    put(line, "\"", 1);
}

static void put_field(line_t *line, const char *name, fg_str_t value)
{
    bool is_plain = value.len > 0;
    for (size_t i = 0; i < value.len; i++)
        is_plain = is_plain && (unsigned char)value.at[i] > ' ' && value.at[i] != '"' &&
                   value.at[i] != '=' && value.at[i] != '\\' && value.at[i] != 0x7f;
    if (line->bytes > 0)
        put(line, " ", 1);
    put(line, name, strlen(name));
    put(line, "=", 1);
    if (is_plain)
        put(line, value.at, value.len);
    else
        put_quoted(line, value);
}

static void start(line_t *line, fg_log_level_t level)
{
    struct timespec now;
    struct tm utc;
    char text[48];
    line->bytes = 0;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    (void)gmtime_r(&now.tv_sec, &utc);
    size_t bytes = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &utc);
    (void)snprintf(text + bytes, sizeof(text) - bytes, ".%03ldZ", now.tv_nsec / 1000000);
    put_field(line, "time", fg_str(text));
    put_field(line, "level", fg_str(level_names[level]));
}

static void finish(line_t *line)
{
    line->text[line->bytes++] = '\n';
    if (write(STDERR_FILENO, line->text, line->bytes) < 0)
        return; /* nowhere to tell it */
}

void fg_log(fg_log_level_t level, const char *format, ...)
{
    if (level < lowest)
        return;
    char message[LINE_BYTES_MAX];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(message, sizeof(message), format, arguments);
    va_end(arguments);
    line_t line;
    start(&line, level);
    put_field(&line, "message", fg_str(message));
    finish(&line);
}

static void put_number(line_t *line, const char *name, int64_t number)
{
    char text[24];
    (void)snprintf(text, sizeof(text), "%lld", (long long)number);
    put_field(line, name, fg_str(text));
}

void fg_log_control_call(const fg_log_call_t *call)
{
    fg_log_level_t level = call->status >= 500 && call->status != 501 ? FG_LOG_WARN : FG_LOG_INFO;
    if (level < lowest)
        return;
    line_t line;
    start(&line, level);
    put_field(&line, "operation", fg_str(call->operation[0] ? call->operation : "-"));
    put_field(&line, "verb", call->verb);
    put_number(&line, "status", call->status);
    put_field(&line, "request_id",
              fg_str_is_empty(call->request_id) ? FG_STR("-") : call->request_id);
    put_number(&line, "duration_us", call->duration_us);
    if (call->error)
        put_field(&line, "error", fg_str(call->error));
    finish(&line);
}
