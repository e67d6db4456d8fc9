/*
 * Opening the gate for writing. Five cases: there is none; it is ours and every count stands; the
 * machine was started again since (its times mean nothing now); it belongs to another store, has
 * another layout or other sizes, or is damaged; everybody was killed, so that nobody can say
 * whether it is what they left. In the last three the file is marked retired, so that workers that
 * mapped it look for the new one, and replaced whole.
 */
#include "gate/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    KEYS_MAX_DEFAULT = 16000000,
    SLOTS_MAX_DEFAULT = 32000000,
    PLANS_MAX_DEFAULT = 65536,
    STAGES_MAX_DEFAULT = 16384,
    BUCKETS_DEFAULT = 1 << 20,
    METERS_DEFAULT = 1 << 18,
    EXPLAINS_DEFAULT = 1 << 16,
    SERIES_DEFAULT = 1024,
    LEVEL_MIN = 12,
    LEVEL_MAX = 36,
    KEYS_PERCENT_MAX = 60, /* of the largest directory: the rest is room for deleted keys */
};

void fg_gate_options_default(fg_gate_options_t *options)
{
    *options = (fg_gate_options_t){
        .keys_max = KEYS_MAX_DEFAULT,
        .slots_max = SLOTS_MAX_DEFAULT,
        .plans_max = PLANS_MAX_DEFAULT,
        .stages_max = STAGES_MAX_DEFAULT,
        .buckets = BUCKETS_DEFAULT,
        .group_id = -1,
    };
}

static bool is_power_of_two(uint32_t count)
{
    return count > 0 && (count & (count - 1)) == 0;
}

static fg_status_t geometry_of(const fg_gate_options_t *options, fg_gate_geometry_t *ret,
                               fg_error_t *reterr)
{
    fg_gate_geometry_t g = {
        .slots_max = options->slots_max,
        .plans_max = options->plans_max,
        .records_max = options->plans_max * 3 + 64,
        .stages_max = options->stages_max,
        .buckets = options->buckets,
        .meters = options->meters ? options->meters : METERS_DEFAULT,
        .explains = options->explains ? options->explains : EXPLAINS_DEFAULT,
        .series = options->series ? options->series : SERIES_DEFAULT,
        .level_min = LEVEL_MIN,
        .level_max = LEVEL_MIN,
    };
    bool is_sound = options->keys_max > 0 && options->slots_max > 0 &&
                    options->slots_max < UINT32_MAX && options->plans_max > 0 &&
                    options->plans_max < UINT32_MAX / 4 && options->stages_max > 0 &&
                    is_power_of_two(options->buckets) && is_power_of_two(g.meters) &&
                    is_power_of_two(g.explains);
    while (g.level_max < LEVEL_MAX &&
           (UINT64_C(1) << g.level_max) * KEYS_PERCENT_MAX / 100 <= options->keys_max)
        g.level_max++;
    if (!is_sound || g.level_max == LEVEL_MAX)
        return fg_error_set(reterr, FG_BAD_REQUEST, "gate",
                            "the sizes of the gate are out of range");
    *ret = g;
    return FG_OK;
}

/* ---- what is there already ---- */

static bool is_ours(const fg_gate_header_t *header, const fg_gate_options_t *options,
                    const fg_gate_geometry_t *wanted)
{
    return memcmp(&header->geometry, wanted, sizeof(*wanted)) == 0 &&
           memcmp(&header->digester, &options->digester, sizeof(header->digester)) == 0 &&
           strncmp(header->store_uuid, options->store_uuid, sizeof(header->store_uuid)) == 0;
}

static uint64_t number_of(const char *path)
{
    struct stat file;
    return stat(path, &file) == 0 ? (uint64_t)file.st_ino : 0;
}

/* Rule L5: what it counted is read later. One that was put aside before goes first: whoever came
 * after it died before it had read it, and so before its own gate served anybody. */
static void put_aside(const char *path)
{
    char left[PATH_MAX];
    if (fg_gate_left_path(path, left, sizeof(left)))
        (void)renameat2(AT_FDCWD, path, AT_FDCWD, left, RENAME_NOREPLACE);
}

/* Open what lies at `path`; NULL when it cannot be used, with *ret_opening saying why. */
static fg_gate_t *open_present(const char *path, const fg_gate_options_t *options,
                               const fg_gate_geometry_t *wanted, fg_gate_opening_t *ret_opening)
{
    fg_gate_t *gate;
    fg_error_t error;
    fg_status_t status = fg_gate_open(path, &gate, &error);
    *ret_opening = status == FG_NOT_FOUND ? FG_GATE_NEW : FG_GATE_REPLACED;
    if (status != FG_OK)
        return NULL;
    bool is_known = is_ours(gate->header, options, wanted);
    /* it is when a writer died before it had put the gate aside */
    bool is_retired = fg_gate_is_retired(gate);
    bool is_same_boot =
        strncmp(gate->header->boot_id, options->boot_id, sizeof(gate->header->boot_id)) == 0;
    if (is_known) {
        *ret_opening = is_same_boot ? FG_GATE_OURS : FG_GATE_REBOOTED;
        if (is_same_boot && !is_retired && fg_gate_is_continued(gate, options, number_of(path)))
            return gate;
        if (is_same_boot)
            *ret_opening = FG_GATE_LEFT;
    }
    /* closed first: who still maps it opens no window in it any more */
    atomic_store_explicit(&gate->header->is_closed, 1, memory_order_release);
    atomic_store_explicit(&gate->header->is_retired, 1, memory_order_release);
    fg_gate_close(gate);
    if (is_known)
        put_aside(path);
    return NULL;
}

/* A file whose header no program of ours can read may still be mapped by one that can: mark it as
 * well. */
static void retire_unread(const char *path)
{
    int fd = open(path, O_RDWR | O_CLOEXEC);
    struct stat file;
    if (fd >= 0 && fstat(fd, &file) == 0 && file.st_size >= FG_GATE_HEADER_BYTES) {
        uint32_t retired = 1;
        (void)!pwrite(fd, &retired, sizeof(retired), offsetof(fg_gate_header_t, is_retired));
    }
    if (fd >= 0)
        (void)close(fd);
}

/* ---- a new one ---- */

static void header_fill(fg_gate_header_t *header, const fg_gate_options_t *options,
                        const fg_gate_geometry_t *geometry)
{
    header->version = FG_GATE_VERSION;
    header->header_bytes = sizeof(*header);
    header->geometry = *geometry;
    header->file_bytes = fg_gate_file_bytes(geometry);
    header->digester = options->digester;
    memcpy(header->store_uuid, options->store_uuid, sizeof(header->store_uuid));
    memcpy(header->boot_id, options->boot_id, sizeof(header->boot_id));
    atomic_init(&header->directory, FG_GATE_DIRECTORY(0, geometry->level_min, 0));
    atomic_init(&header->account_burst, UINT64_MAX);
    atomic_init(&header->is_leased, options->is_leased);
    header->magic = FG_GATE_MAGIC;
}

static fg_status_t write_header(int fd, const fg_gate_options_t *options,
                                const fg_gate_geometry_t *geometry)
{
    if (ftruncate(fd, (off_t)fg_gate_file_bytes(geometry)) != 0)
        return FG_IO;
    void *page = mmap(NULL, FG_GATE_HEADER_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (page == MAP_FAILED)
        return FG_IO;
    header_fill(page, options, geometry);
    (void)munmap(page, FG_GATE_HEADER_BYTES);
    return FG_OK;
}

/* Made under another name and renamed, so that nobody ever opens half a gate. */
static fg_status_t create(const char *path, const fg_gate_options_t *options,
                          const fg_gate_geometry_t *geometry, fg_error_t *reterr)
{
    char beside[PATH_MAX];
    if (snprintf(beside, sizeof(beside), "%s.new", path) >= (int)sizeof(beside))
        return fg_error_set(reterr, FG_TOO_LARGE, "", "the path of the gate is too long");
    (void)unlink(beside);
    int fd = open(beside, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0660);
    if (fd < 0)
        return fg_error_set(reterr, FG_IO, "", "cannot create %s: %s", beside, strerror(errno));
    fg_status_t status = write_header(fd, options, geometry);
    if (status == FG_OK &&
        (fchmod(fd, 0660) != 0 ||
         (options->group_id >= 0 && fchown(fd, (uid_t)-1, (gid_t)options->group_id) != 0) ||
         rename(beside, path) != 0))
        status = FG_IO;
    if (status != FG_OK)
        fg_error_set(reterr, status, "", "cannot make %s: %s", path, strerror(errno));
    (void)close(fd);
    if (status != FG_OK)
        (void)unlink(beside);
    return status;
}

static fg_status_t make_routes(const char *path, int group_id, fg_error_t *reterr)
{
    char routes[PATH_MAX];
    const char *slash = strrchr(path, '/');
    int folder = slash ? (int)(slash - path) : 1;
    if (snprintf(routes, sizeof(routes), "%.*s/routes", folder, slash ? path : ".") >=
        (int)sizeof(routes))
        return fg_error_set(reterr, FG_TOO_LARGE, "", "the path of the gate is too long");
    if ((mkdir(routes, 0750) != 0 && errno != EEXIST) ||
        (group_id >= 0 && chown(routes, (uid_t)-1, (gid_t)group_id) != 0))
        return fg_error_set(reterr, FG_IO, "", "cannot make %s: %s", routes, strerror(errno));
    return FG_OK;
}

/* ---- the writer ---- */

static fg_status_t indexes_make(fg_gate_writer_t *writer)
{
    uint32_t places = 64;
    while (places < writer->gate->geometry.plans_max * 2)
        places *= 2;
    writer->plan_places_mask = places - 1;
    writer->plan_places = calloc(places, sizeof(*writer->plan_places));
    writer->plan_ids = calloc(writer->gate->geometry.plans_max, sizeof(*writer->plan_ids));
    if (!writer->plan_places || !writer->plan_ids)
        return FG_NO_MEMORY;
    fg_gate_header_t *header = writer->gate->header;
    fg_status_t status = header->is_open ? fg_gate_recover(writer) : FG_OK;
    header->is_open = 1;
    if (status == FG_OK)
        status = fg_gate_plans_scan(writer);
    if (status == FG_OK)
        status = fg_gate_slots_scan(writer);
    writer->is_tidy = status == FG_OK;
    return status;
}

/* One writer at a time: the lock lies beside the gate, because the gate itself may be replaced. */
static fg_status_t lock(fg_gate_writer_t *writer, const char *path, fg_error_t *reterr)
{
    char name[PATH_MAX];
    if (snprintf(name, sizeof(name), "%s.lock", path) >= (int)sizeof(name))
        return fg_error_set(reterr, FG_TOO_LARGE, "", "the path of the gate is too long");
    writer->lock_fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (writer->lock_fd < 0)
        return fg_error_set(reterr, FG_IO, "", "cannot open %s: %s", name, strerror(errno));
    if (flock(writer->lock_fd, LOCK_EX | LOCK_NB) != 0)
        return fg_error_set(reterr, FG_BUSY, "", "%s is in use by another faregated", path);
    return FG_OK;
}

static fg_status_t open_or_create(fg_gate_writer_t *writer, const char *path,
                                  const fg_gate_options_t *options, fg_gate_opening_t *ret_opening,
                                  fg_error_t *reterr)
{
    fg_gate_geometry_t geometry;
    fg_status_t status = geometry_of(options, &geometry, reterr);
    if (status != FG_OK)
        return status;
    writer->gate = open_present(path, options, &geometry, ret_opening);
    if (!writer->gate) {
        if (*ret_opening == FG_GATE_REPLACED)
            retire_unread(path);
        status = create(path, options, &geometry, reterr);
        if (status == FG_OK)
            status = fg_gate_open(path, &writer->gate, reterr);
    }
    if (status != FG_OK)
        return status;
    /* before the caller commits it: no session that the file does not know is in the store */
    writer->gate->header->session = options->session;
    writer->keys_max = options->keys_max;
    atomic_store_explicit(&writer->gate->header->is_leased, options->is_leased,
                          memory_order_relaxed);
    writer->outgrown_at = writer->clock(); /* what the last writer left */
    writer->is_outgrown = true;
    writer->fd = open(path, O_RDWR | O_CLOEXEC);
    if (writer->fd < 0)
        return fg_error_set(reterr, FG_IO, "", "cannot open %s: %s", path, strerror(errno));
    return indexes_make(writer);
}

static fg_mono_t monotonic(void)
{
    return fg_now().mono;
}

fg_status_t fg_gate_writer_open(const char *path, const fg_gate_options_t *options,
                                fg_gate_writer_t **ret_writer, fg_gate_opening_t *ret_opening,
                                fg_error_t *reterr)
{
    fg_gate_opening_t opening = FG_GATE_NEW;
    fg_gate_writer_t *writer = calloc(1, sizeof(*writer));
    if (!writer)
        return fg_error_set(reterr, FG_NO_MEMORY, "", "out of memory");
    writer->fd = writer->lock_fd = -1;
    writer->clock = monotonic;
    fg_status_t status = lock(writer, path, reterr);
    if (status == FG_OK)
        status = make_routes(path, options->group_id, reterr);
    if (status == FG_OK)
        status = open_or_create(writer, path, options, &opening, reterr);
    if (status != FG_OK) {
        fg_gate_writer_close(writer);
        return status;
    }
    *ret_writer = writer;
    *ret_opening = opening;
    return FG_OK;
}

void fg_gate_writer_close(fg_gate_writer_t *writer)
{
    if (!writer)
        return;
    if (writer->is_tidy)
        writer->gate->header->is_open = 0;
    fg_gate_close(writer->gate);
    free(writer->plan_ids);
    free(writer->plan_places);
    free(writer->free_records.items);
    free(writer->free_slots.items);
    free(writer->retired_queue.items);
    free(writer->shared.items);
    free(writer->retired.items);
    if (writer->fd >= 0)
        (void)close(writer->fd);
    if (writer->lock_fd >= 0)
        (void)close(writer->lock_fd);
    free(writer);
}

uint64_t fg_gate_file_number(const fg_gate_writer_t *writer)
{
    struct stat file;
    return fstat(writer->fd, &file) == 0 ? (uint64_t)file.st_ino : 0;
}

fg_gate_t *fg_gate_writer_gate(fg_gate_writer_t *writer)
{
    return writer->gate;
}

/* ---- single words ---- */

void fg_gate_account_sync(fg_gate_writer_t *writer, fg_throttle_t throttle)
{
    fg_gate_header_t *header = writer->gate->header;
    atomic_store_explicit(&header->account_rate_milli_rps, throttle.rate_milli_rps,
                          memory_order_relaxed);
    atomic_store_explicit(&header->account_burst, throttle.is_set ? throttle.burst : UINT64_MAX,
                          memory_order_relaxed);
}

void fg_gate_keys_without_plan_sync(fg_gate_writer_t *writer, bool is_allowed)
{
    atomic_store_explicit(&writer->gate->header->are_keys_without_plan_allowed, is_allowed,
                          memory_order_relaxed);
}

void fg_gate_seq_set(fg_gate_writer_t *writer, uint64_t seq)
{
    atomic_store_explicit(&writer->gate->header->seq, seq, memory_order_release);
}

fg_gate_fill_t fg_gate_fill(const fg_gate_writer_t *writer)
{
    const fg_gate_t *gate = writer->gate;
    struct stat file = {0};
    fg_gate_fill_t fill = {
        .keys = atomic_load_explicit(&gate->header->key_count, memory_order_relaxed),
        .keys_max = writer->keys_max,
        .slots = fg_gate_slots_count(writer),
        .slots_max = gate->geometry.slots_max,
        .plans = writer->plans_used,
        .plans_max = gate->geometry.plans_max,
        .stages_max = gate->geometry.stages_max,
        .buckets = atomic_load_explicit(&gate->header->buckets_used, memory_order_relaxed),
        .buckets_max = gate->geometry.buckets,
        .meters = atomic_load_explicit(&gate->header->meters_used, memory_order_relaxed),
        .meters_max = gate->geometry.meters,
        .buckets_refused =
            atomic_load_explicit(&gate->header->buckets_refused, memory_order_relaxed),
    };
    for (uint32_t i = 0; i < gate->geometry.stages_max; i++)
        fill.stages += atomic_load_explicit(&gate->stages[i].is_taken, memory_order_relaxed);
    if (fstat(writer->fd, &file) == 0)
        fill.bytes_resident = (uint64_t)file.st_blocks * 512;
    return fill;
}
