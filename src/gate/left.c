/*
 * Whose gate this is, when nobody watched it (rule L5).
 *
 * Everything a gate counts since the last drain stands nowhere else. So it is taken as it is only
 * when its story has no gap: it is the file that the last session noted, and that session either
 * closed it in good order, or some worker has had it mapped ever since. A gate that a kill of
 * everybody left behind may have been replaced by an older copy of itself, or be damaged; the ledger
 * is safe to go by (whatever it granted counts as spent), so the file is put aside, and only what it
 * counted of today and yesterday is read from it, for usage: figures that are too low are stored
 * already, and any slot that says more did let that through.
 *
 * A claim of a worker is a process id in the header, which a stranger may have by now: the process
 * must be seen to map the very file.
 */
#include "gate/writer.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* ---- held by a worker ---- */

static bool is_nginx(uint32_t pid)
{
    char path[64], name[32] = "";
    (void)snprintf(path, sizeof(path), "/proc/%u/comm", pid);
    FILE *file = fopen(path, "re");
    if (!file)
        return false;
    bool is_read = fgets(name, sizeof(name), file) != NULL;
    (void)fclose(file);
    return is_read && strcmp(name, "nginx\n") == 0;
}

/* Those of another user's process cannot be read without privilege: its name must do. A zombie has
 * none. */
static bool maps(uint32_t pid, uint64_t file_number)
{
    char path[64], line[PATH_MAX + 128];
    bool is_found = false;
    (void)snprintf(path, sizeof(path), "/proc/%u/maps", pid);
    FILE *file = fopen(path, "re");
    if (!file)
        return errno == EACCES && is_nginx(pid);
    while (!is_found && fgets(line, sizeof(line), file)) {
        unsigned long long number;
        is_found = sscanf(line, "%*s %*s %*s %*s %llu", &number) == 1 && number == file_number;
    }
    if (ferror(file) && errno == EACCES)
        is_found = is_nginx(pid);
    (void)fclose(file);
    return is_found;
}

bool fg_gate_is_mapped(const fg_gate_t *gate, uint64_t file_number)
{
    for (uint32_t i = 0; i < FG_GATE_WORKERS_MAX; i++) {
        uint32_t pid = atomic_load_explicit(&gate->header->worker_pids[i], memory_order_relaxed);
        if (pid != 0 && pid <= INT_MAX && maps(pid, file_number))
            return true;
    }
    return false;
}

bool fg_gate_is_held(const fg_gate_writer_t *writer)
{
    return fg_gate_is_mapped(writer->gate, fg_gate_file_number(writer));
}

bool fg_gate_is_continued(const fg_gate_t *gate, const fg_gate_options_t *options,
                          uint64_t file_number)
{
    uint64_t session = gate->header->session;
    if (options->session == 0)
        return true;
    /* its own number: a start that died after it was written here and before it was in the store */
    if ((session != options->session && session + 1 != options->session) ||
        file_number != options->file_number)
        return false;
    return (options->is_settled && fg_gate_is_closed(gate)) || fg_gate_is_mapped(gate, file_number);
}

/* ---- what was left ---- */

bool fg_gate_left_path(const char *path, char *ret_path, size_t room)
{
    return snprintf(ret_path, room, "%s.left", path) < (int)room;
}

/* Any of it may be damaged: every index is checked before it is followed. */
static void salvage_slot(const fg_gate_t *gate, const fg_gate_slot_t *slot,
                         void (*each)(void *ctx, const fg_gate_usage_t *usage), void *ctx)
{
    uint64_t key_id = atomic_load_explicit(&slot->key_id, memory_order_relaxed);
    if (!fg_id_is_packed(key_id) || (slot->plan_index & FG_GATE_SLOT_SHADOW))
        return;
    const fg_gate_record_t *record = fg_gate_record_of(gate, FG_GATE_SLOT_PLAN(slot->plan_index));
    if (!record || !fg_id_is_packed(record->plan_id))
        return;
    fg_gate_usage_t usage = {
        .key_id = key_id,
        .plan_id = record->plan_id,
        .quota_word = atomic_load_explicit(&slot->quota, memory_order_relaxed),
        .quota = fg_gate_record_quota(record),
    };
    for (int i = 0; i < 2; i++)
        usage.day_words[i] = atomic_load_explicit(&slot->day[i], memory_order_relaxed);
    each(ctx, &usage);
}

void fg_gate_salvage(const char *path, void (*each)(void *ctx, const fg_gate_usage_t *usage),
                     void *ctx)
{
    char left[PATH_MAX];
    fg_gate_t *gate;
    fg_error_t error;
    if (!fg_gate_left_path(path, left, sizeof(left)) || fg_gate_open(left, &gate, &error) != FG_OK)
        return;
    uint64_t slots = atomic_load_explicit(&gate->header->slots_used, memory_order_relaxed);
    for (uint64_t i = 0; i < slots && i < gate->geometry.slots_max; i++)
        salvage_slot(gate, &gate->slots[i], each, ctx);
    fg_gate_close(gate);
}

void fg_gate_salvage_end(const char *path)
{
    char left[PATH_MAX];
    if (fg_gate_left_path(path, left, sizeof(left)))
        (void)unlink(left);
}
