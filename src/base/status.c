#include "base/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static const char *const names[] = {
#define FG_STATUS_NAME(name, text) #name,
    FG_STATUS_LIST(FG_STATUS_NAME)
#undef FG_STATUS_NAME
};

static const char *const texts[] = {
#define FG_STATUS_TEXT(name, text) text,
    FG_STATUS_LIST(FG_STATUS_TEXT)
#undef FG_STATUS_TEXT
};

const char *fg_status_name(fg_status_t status)
{
    return (unsigned)status < FG_STATUS_COUNT ? names[status] : "UNKNOWN";
}

const char *fg_status_text(fg_status_t status)
{
    return (unsigned)status < FG_STATUS_COUNT ? texts[status] : "unknown status";
}

fg_status_t fg_error_set(fg_error_t *error, fg_status_t status, const char *field,
                         const char *format, ...)
{
    if (!error)
        return status;
    error->status = status;
    snprintf(error->field, sizeof(error->field), "%s", field ? field : "");
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error->message, sizeof(error->message), format, arguments);
    va_end(arguments);
    return status;
}

void fg_assert_failed(const char *condition, const char *file, int line)
{
    fprintf(stderr, "faregate: invariant broken: %s (%s:%d)\n", condition, file, line);
    abort();
}
