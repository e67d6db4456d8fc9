#include "cli.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static fg_arena_t *process_arena;

fg_arena_t *fg_cli_arena(void)
{
    if (!process_arena)
        process_arena = fg_arena_new();
    if (!process_arena) {
        fputs("faregate: out of memory\n", stderr);
        exit(FG_EXIT_ERROR);
    }
    return process_arena;
}

static void say(const char *format, va_list arguments)
{
    fputs("faregate: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
}

void fg_say(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    say(format, arguments);
    va_end(arguments);
}

int fg_fail(int code, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    say(format, arguments);
    va_end(arguments);
    return code;
}

static void *must(void *memory)
{
    if (!memory) {
        fputs("faregate: out of memory\n", stderr);
        exit(FG_EXIT_ERROR);
    }
    return memory;
}

char *fg_text(const char *format, ...)
{
    va_list arguments;
    char *text = NULL;
    char *kept;

    va_start(arguments, format);
    int len = vasprintf(&text, format, arguments);
    va_end(arguments);
    must(len < 0 ? NULL : text);
    kept = must(fg_arena_text(fg_cli_arena(), fg_str_of(text, (size_t)len)));
    free(text);
    return kept;
}

char *fg_text_of(fg_str_t text)
{
    return must(fg_arena_text(fg_cli_arena(), text.at ? text : FG_STR("")));
}

/* Reads to the end rather than to the size that stat tells, so that pipes and /dev/stdin work. */
static fg_str_t read_all(int fd, size_t bytes_max)
{
    size_t room = 64 * 1024;
    size_t len = 0;
    char *bytes = must(malloc(room));
    fg_str_t kept = FG_STR_NONE;
    ssize_t got;

    while ((got = read(fd, bytes + len, room - len)) > 0) {
        len += (size_t)got;
        if (len > bytes_max) {
            errno = EFBIG;
            goto done;
        }
        if (len == room)
            bytes = must(realloc(bytes, room *= 2));
    }
    if (got == 0)
        kept = fg_str_of(must(fg_arena_text(fg_cli_arena(), fg_str_of(bytes, len))), len);
done:
    free(bytes);
    return kept;
}

fg_str_t fg_read_file(const char *path, size_t bytes_max)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return FG_STR_NONE;
    fg_str_t text = read_all(fd, bytes_max);
    int failure = errno;
    close(fd);
    errno = failure;
    return text;
}
