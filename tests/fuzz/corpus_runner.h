/*
 * corpus_runner - a fuzz target's corpus as a plain test.
 *
 * tests/fuzz/<name>_test.c is all of:
 *
 *     #include "fuzz/route_fuzz.c"
 *     #include "fuzz/corpus_runner.h"
 *     FG_CORPUS_MAIN("route")
 *
 * and feeds every file of tests/fuzz/corpus/<name>/ to LLVMFuzzerTestOneInput, each also cut at every length up to
 * FG_CORPUS_CUTS, so that parsers meet every early end. A crash is the failure; so is an empty corpus. Each input is
 * an allocation of exactly its size: a sanitizer sees a read past the end.
 */
#ifndef FG_FUZZ_CORPUS_RUNNER_H
#define FG_FUZZ_CORPUS_RUNNER_H

#include <dirent.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FG_CORPUS_BYTES_MAX = 1 << 20, FG_CORPUS_CUTS = 512 };

static void corpus_feed(const uint8_t *bytes, size_t count)
{
    uint8_t *exact = malloc(count ? count : 1);
    if (exact == NULL)
        abort();
    if (count > 0)
        memcpy(exact, bytes, count);
    LLVMFuzzerTestOneInput(exact, count);
    free(exact);
}

static int corpus_feed_file(const char *path)
{
    static uint8_t bytes[FG_CORPUS_BYTES_MAX];
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        perror(path);
        return 0;
    }
    size_t count = fread(bytes, 1, sizeof(bytes), file);
    fclose(file);
    corpus_feed(bytes, count);
    for (size_t cut = 0; cut < count && cut < FG_CORPUS_CUTS; cut++)
        corpus_feed(bytes, cut);
    return 1;
}

static int corpus_run(const char *name)
{
    char path[PATH_MAX];
    snprintf(path, sizeof(path), "%s/fuzz/corpus/%s", FG_TESTS_DIR, name);
    DIR *dir = opendir(path);
    if (dir == NULL) {
        perror(path);
        return 1;
    }
    int fed = 0;
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        char file[PATH_MAX];
        if (entry->d_name[0] == '.')
            continue;
        if ((size_t)snprintf(file, sizeof(file), "%s/%s", path, entry->d_name) < sizeof(file))
            fed += corpus_feed_file(file);
    }
    closedir(dir);
    printf("%s: %d corpus files\n", name, fed);
    return fed > 0 ? 0 : 1;
}

#define FG_CORPUS_MAIN(name)                                                                       \
    int main(void)                                                                                 \
    {                                                                                              \
        return corpus_run(name);                                                                   \
    }

#endif
