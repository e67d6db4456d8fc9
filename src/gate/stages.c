/*
 * The stage table: open addressing by api and stage name. A place is taken once and kept, so that
 * its index can stand in plan records and snapshot names; a stage that is deleted has revision 0.
 */
#include "gate/layout.h"

#include "gate/writer.h"

#include <stdio.h>
#include <string.h>

static uint64_t hash_of(uint64_t api_id, fg_str_t name)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ api_id; /* FNV-1a */
    for (size_t i = 0; i < name.len; i++)
        hash = (hash ^ (unsigned char)name.at[i]) * UINT64_C(0x100000001b3);
    return hash ^ (hash >> 29);
}

/* The place of api/stage, or the free one where it would go; NULL when the table is full. */
static fg_gate_stage_t *place_of(const fg_gate_t *gate, uint64_t api_id, fg_str_t name)
{
    uint64_t hash = hash_of(api_id, name);
    for (uint32_t probe = 0; probe < gate->geometry.stages_max; probe++) {
        fg_gate_stage_t *stage = &gate->stages[(hash + probe) % gate->geometry.stages_max];
        /* acquire: the name was written before the place was taken */
        if (!atomic_load_explicit(&stage->is_taken, memory_order_acquire))
            return stage;
        if (stage->api_id == api_id && fg_str_eq(fg_str_of(stage->name, stage->name_bytes), name))
            return stage;
    }
    return NULL;
}

uint32_t fg_gate_stage_find(const fg_gate_t *gate, fg_str_t api_id, fg_str_t stage_name)
{
    uint64_t id = fg_id_pack(api_id);
    if (id == 0 || stage_name.len == 0 || stage_name.len > FG_STAGE_NAME_BYTES_MAX)
        return FG_GATE_NONE;
    fg_gate_stage_t *stage = place_of(gate, id, stage_name);
    if (!stage || !atomic_load_explicit(&stage->is_taken, memory_order_relaxed))
        return FG_GATE_NONE;
    return (uint32_t)(stage - gate->stages);
}

uint64_t fg_gate_stage_revision(const fg_gate_t *gate, uint32_t stage_index)
{
    if (stage_index >= gate->geometry.stages_max)
        return 0;
    return atomic_load_explicit(&gate->stages[stage_index].revision, memory_order_acquire);
}

bool fg_gate_stage_name(const fg_gate_t *gate, uint32_t stage_index, uint64_t *ret_api_id,
                        char *ret_name)
{
    /* acquire: the name was written before the place was taken */
    if (stage_index >= gate->geometry.stages_max ||
        !atomic_load_explicit(&gate->stages[stage_index].is_taken, memory_order_acquire))
        return false;
    const fg_gate_stage_t *stage = &gate->stages[stage_index];
    *ret_api_id = stage->api_id;
    memcpy(ret_name, stage->name, stage->name_bytes);
    ret_name[stage->name_bytes] = '\0';
    return true;
}

bool fg_gate_route_path(const fg_gate_t *gate, uint32_t stage_index, uint64_t revision,
                        char *ret_path, size_t room)
{
    int bytes = snprintf(ret_path, room, "%s/routes/%u.%llu", gate->directory_path, stage_index,
                         (unsigned long long)revision);
    return bytes > 0 && (size_t)bytes < room;
}

fg_status_t fg_gate_stage_sync(fg_gate_writer_t *writer, fg_str_t api_id, fg_str_t stage_name,
                               uint32_t *ret_stage_index, fg_error_t *reterr)
{
    fg_gate_t *gate = fg_gate_writer_gate(writer);
    uint64_t id = fg_id_pack(api_id);
    if (id == 0 || stage_name.len == 0 || stage_name.len > FG_STAGE_NAME_BYTES_MAX)
        return fg_error_set(reterr, FG_BAD_REQUEST, "stage", "no stage can be called %.*s/%.*s",
                            FG_STR_ARG(api_id), FG_STR_ARG(stage_name));
    fg_gate_stage_t *stage = place_of(gate, id, stage_name);
    if (!stage)
        return fg_error_set(reterr, FG_FULL, "stages", "the gate holds %u stages, no more fit",
                            gate->geometry.stages_max);
    if (!atomic_load_explicit(&stage->is_taken, memory_order_relaxed)) {
        stage->api_id = id;
        memcpy(stage->name, stage_name.at, stage_name.len);
        stage->name_bytes = (uint32_t)stage_name.len;
        atomic_store_explicit(&stage->is_taken, 1, memory_order_release);
    }
    *ret_stage_index = (uint32_t)(stage - gate->stages);
    return FG_OK;
}

void fg_gate_stage_publish(fg_gate_writer_t *writer, uint32_t stage_index, uint64_t revision)
{
    fg_gate_t *gate = fg_gate_writer_gate(writer);
    FG_ASSERT(stage_index < gate->geometry.stages_max);
    atomic_store_explicit(&gate->stages[stage_index].revision, revision, memory_order_release);
}
