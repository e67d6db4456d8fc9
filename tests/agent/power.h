/*
 * power - what is on disk and on tmpfs, kept aside and put back: a power cut, or a kill of everybody.
 *
 * A commit is durable when it returns, so the database and its log as they are between two calls are
 * what a power cut leaves of the store.
 */
#ifndef FG_TESTS_AGENT_POWER_H
#define FG_TESTS_AGENT_POWER_H

#include "world.h"

#include <fcntl.h>
#include <sys/stat.h>

/* The parts of a file that hold data. */
typedef struct extent {
    off_t at;
    size_t bytes;
    char *data;
} extent_t;

typedef struct copy {
    bool exists;
    off_t bytes;
    extent_t *extents;
    size_t count;
} copy_t;

static inline void copy_free(copy_t *copy)
{
    for (size_t i = 0; i < copy->count; i++)
        free(copy->extents[i].data);
    free(copy->extents);
    *copy = (copy_t){.exists = false};
}

static inline void copy_extent(copy_t *copy, int fd, off_t at, off_t end)
{
    copy->extents = realloc(copy->extents, (copy->count + 1) * sizeof(*copy->extents));
    extent_t *extent = &copy->extents[copy->count++];
    *extent = (extent_t){.at = at, .bytes = (size_t)(end - at), .data = malloc((size_t)(end - at))};
    assert_int_equal(pread(fd, extent->data, extent->bytes, at), extent->bytes);
}

static inline copy_t copy_of(const char *path)
{
    copy_t copy = {.exists = false};
    struct stat file;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return copy;
    assert_int_equal(fstat(fd, &file), 0);
    copy = (copy_t){.exists = true, .bytes = file.st_size};
    for (off_t at = lseek(fd, 0, SEEK_DATA); at >= 0 && at < file.st_size;) {
        off_t end = lseek(fd, at, SEEK_HOLE);
        copy_extent(&copy, fd, at, end);
        at = lseek(fd, end, SEEK_DATA);
    }
    (void)close(fd);
    return copy;
}

/* In place: the same file with these contents, also for who has it mapped. */
static inline void copy_restore(const copy_t *copy, const char *path)
{
    if (!copy->exists) {
        (void)unlink(path);
        return;
    }
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    struct stat file;
    assert_int_equal(fstat(fd, &file), 0);
    if (file.st_size > 0)
        assert_int_equal(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, file.st_size),
                         0);
    assert_int_equal(ftruncate(fd, copy->bytes), 0);
    for (size_t i = 0; i < copy->count; i++)
        assert_int_equal(
            pwrite(fd, copy->extents[i].data, copy->extents[i].bytes, copy->extents[i].at),
            copy->extents[i].bytes);
    (void)close(fd);
}

/* ---- the store ---- */

typedef struct disk {
    copy_t database, log;
} disk_t;

static inline void disk_path(const world_t *world, const char *name, char path[128])
{
    (void)snprintf(path, 128, "%s/%s", world->data_dir, name);
}

static inline disk_t disk_of(const world_t *world)
{
    char path[128];
    disk_t disk;
    disk_path(world, "faregate.db", path);
    disk.database = copy_of(path);
    disk_path(world, "faregate.db-wal", path);
    disk.log = copy_of(path);
    return disk;
}

static inline void disk_free(disk_t *disk)
{
    copy_free(&disk->database);
    copy_free(&disk->log);
}

/* The store is closed. */
static inline void disk_restore(const world_t *world, const disk_t *disk)
{
    char path[128];
    disk_path(world, "faregate.db-shm", path);
    (void)unlink(path);
    disk_path(world, "faregate.db", path);
    copy_restore(&disk->database, path);
    disk_path(world, "faregate.db-wal", path);
    copy_restore(&disk->log, path);
}

static inline void world_store_open(world_t *world)
{
    fg_store_options_t options = {.data_dir = world->data_dir,
                                  .random = fg_random_seeded(&world->seed)};
    OK(fg_store_open(&options, &world->store, reterr));
}

/* Everybody is gone at once: nothing that closing writes stays, neither in the store nor, with
 * `gate`, in the gate's file. */
static inline void world_kill(world_t *world, const disk_t *disk, const copy_t *gate)
{
    world_stop(world);
    fg_store_close(world->store);
    disk_restore(world, disk);
    copy_restore(gate, world->gate_path);
    world_store_open(world);
}

#endif
