/*
 * Mapping a gate for reading, and the questions a worker asks beside the decision.
 */
#include "gate/layout.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef MLOCK_ONFAULT
#define MLOCK_ONFAULT 1
#endif

enum { LEVEL_MAX = 40 };

static bool is_power_of_two(uint32_t count)
{
    return count > 0 && (count & (count - 1)) == 0;
}

static bool is_sound(const fg_gate_geometry_t *g)
{
    return g->level_min <= g->level_max && g->level_max <= LEVEL_MAX && g->slots_max > 0 &&
           g->slots_max < UINT32_MAX && g->plans_max > 0 && g->plans_max < FG_GATE_SLOT_SHADOW &&
           g->records_max > 0 && g->stages_max > 0 && g->series > 0 &&
           is_power_of_two(g->buckets) && is_power_of_two(g->meters) &&
           is_power_of_two(g->explains);
}

static fg_status_t check_header(const fg_gate_header_t *header, uint64_t bytes, const char *path,
                                fg_error_t *reterr)
{
    if (header->magic != FG_GATE_MAGIC || header->header_bytes != sizeof(*header))
        return fg_error_set(reterr, FG_CORRUPT, "", "%s is no gate", path);
    if (header->version != FG_GATE_VERSION)
        return fg_error_set(reterr, FG_NEWER, "", "%s has layout %u, this program reads layout %d",
                            path, header->version, FG_GATE_VERSION);
    const fg_gate_geometry_t *g = &header->geometry;
    if (!is_sound(g) || fg_gate_file_bytes(g) != header->file_bytes || header->file_bytes > bytes)
        return fg_error_set(reterr, FG_CORRUPT, "", "%s is damaged: its sizes do not fit", path);
    uint32_t directory = atomic_load_explicit(&header->directory, memory_order_relaxed);
    uint32_t level = FG_GATE_DIRECTORY_LEVEL(directory);
    if (level < g->level_min || level > g->level_max)
        return fg_error_set(reterr, FG_CORRUPT, "", "%s is damaged: it has no directory", path);
    return FG_OK;
}

static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? strndup(path, (size_t)(slash - path)) : strdup(".");
}

/* The first page decides whether the rest is mapped. */
static fg_status_t map_file(int fd, const char *path, fg_gate_t *gate, fg_error_t *reterr)
{
    struct stat file;
    if (fstat(fd, &file) != 0 || file.st_size < FG_GATE_HEADER_BYTES)
        return fg_error_set(reterr, FG_CORRUPT, "", "%s is too short to be a gate", path);
    void *page = mmap(NULL, FG_GATE_HEADER_BYTES, PROT_READ, MAP_SHARED, fd, 0);
    if (page == MAP_FAILED)
        return fg_error_set(reterr, FG_IO, "", "cannot map %s: %s", path, strerror(errno));
    fg_gate_geometry_t geometry = ((fg_gate_header_t *)page)->geometry;
    fg_status_t status = check_header(page, (uint64_t)file.st_size, path, reterr);
    munmap(page, FG_GATE_HEADER_BYTES);
    if (status != FG_OK)
        return status;
    uint64_t bytes = fg_gate_file_bytes(&geometry);
    void *base = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);
    if (base == MAP_FAILED)
        return fg_error_set(reterr, FG_IO, "", "cannot map %s: %s", path, strerror(errno));
    /* best effort: fewer translations to miss, and no page that was touched leaves memory */
    (void)madvise(base, bytes, MADV_HUGEPAGE);
    (void)mlock2(base, bytes, MLOCK_ONFAULT);
    fg_gate_place(gate, base, &geometry);
    return FG_OK;
}

fg_status_t fg_gate_open(const char *path, fg_gate_t **ret_gate, fg_error_t *reterr)
{
    int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return fg_error_set(reterr, errno == ENOENT ? FG_NOT_FOUND : FG_IO, "",
                            "cannot open %s: %s", path, strerror(errno));
    fg_gate_t *gate = calloc(1, sizeof(*gate));
    fg_status_t status = gate ? map_file(fd, path, gate, reterr) : FG_NO_MEMORY;
    if (status == FG_OK && !(gate->directory_path = folder_of(path)))
        status = FG_NO_MEMORY;
    (void)close(fd);
    if (status == FG_OK)
        *ret_gate = gate;
    else
        fg_gate_close(gate);
    return status;
}

void fg_gate_close(fg_gate_t *gate)
{
    if (!gate)
        return;
    if (gate->header)
        (void)munmap(gate->header, gate->file_bytes);
    free(gate->directory_path);
    free(gate);
}

bool fg_gate_is_retired(const fg_gate_t *gate)
{
    return atomic_load_explicit(&gate->header->is_retired, memory_order_relaxed) != 0;
}

uint64_t fg_gate_seq(const fg_gate_t *gate)
{
    return atomic_load_explicit(&gate->header->seq, memory_order_acquire);
}

fg_digest_t fg_gate_digest(const fg_gate_t *gate, fg_str_t key_value)
{
    return fg_digester_digest(&gate->header->digester, key_value);
}

fg_key_state_t fg_gate_key_state(const fg_gate_t *gate, fg_digest_t digest)
{
    fg_gate_entry_t *entry = fg_gate_entry_find(gate, digest);
    return entry ? (fg_key_state_t)atomic_load_explicit(&entry->state, memory_order_relaxed)
                 : FG_KEY_UNKNOWN;
}

uint32_t fg_gate_used_minute(const fg_gate_t *gate, fg_digest_t digest)
{
    fg_gate_entry_t *entry = fg_gate_entry_find(gate, digest);
    return entry ? atomic_load_explicit(&entry->used_minute, memory_order_relaxed) : 0;
}
