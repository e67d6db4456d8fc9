#include "backup.h"

#include "pid_file.h"
#include "store/backup.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

bool fg_backup_is_asked(const fg_options_t *options)
{
    return options->backup_path || options->verify_path || options->restore_path;
}

static int fail(const char *doing, const fg_error_t *error)
{
    const char *message = error->message[0] ? error->message : fg_status_text(error->status);
    (void)fprintf(stderr, "faregate: %s: %s\n", doing, message);
    return EXIT_FAILURE;
}

static void say(void *ctx, const char *what, bool is_good, const char *text)
{
    (void)ctx;
    printf("%-4s  %s: %s\n", is_good ? "ok" : "FAIL", what, text);
}

static int make(const fg_options_t *options)
{
    fg_error_t error = {0};
    uint64_t bytes = 0;
    fg_mono_t began = fg_now().mono;
    if (fg_backup_make(options->data_dir, options->backup_path, &bytes, &error) != FG_OK)
        return fail("backup", &error);
    printf("%s: %" PRIu64 " bytes, %.1f s\n", options->backup_path, bytes,
           (double)(fg_now().mono.us - began.us) / 1e6);
    return EXIT_SUCCESS;
}

static int verify(const char *path)
{
    fg_error_t error = {0};
    if (fg_backup_verify(path, say, NULL, &error) == FG_OK)
        return EXIT_SUCCESS;
    return fail("verify", &(fg_error_t){.status = FG_CORRUPT, .message = "not all is well"});
}

/* Whoever restores over a running node is told so. The lock ends with the process. */
static int restore(const fg_options_t *options)
{
    fg_error_t error = {0};
    char aside[PATH_MAX];
    int pid_fd;
    if (fg_backup_verify(options->restore_path, say, NULL, &error) != FG_OK)
        return fail("restore",
                    &(fg_error_t){.status = FG_CORRUPT,
                                  .message = "the backup is not sound; nothing is changed"});
    if (fg_pid_file_take(options->data_dir, &pid_fd, &error) != FG_OK)
        return fail("restore", &error);
    fg_restore_options_t wishes = {
        .path = options->restore_path,
        .data_dir = options->data_dir,
        .now = fg_now().wall,
        .random = fg_random_system(),
        .is_over = options->is_restored_over,
        .is_usage_forgotten = options->is_usage_forgotten,
    };
    if (fg_backup_restore(&wishes, aside, sizeof(aside), &error) != FG_OK)
        return fail("restore", &error);
    printf("restored into %s%s%s\n", options->data_dir, aside[0] ? "; what stood there is in " : "",
           aside);
    return EXIT_SUCCESS;
}

int fg_backup_run(const fg_options_t *options)
{
    if (options->backup_path)
        return make(options);
    return options->verify_path ? verify(options->verify_path) : restore(options);
}
