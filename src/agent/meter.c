/*
 * The table is open addressing by key and plan. At the first count of another minute the whole
 * table becomes `closing`, which the drains write step by step, and an empty one takes its place.
 *
 *     12:00:59   pairs a, b, c in the table of 12:00
 *     12:01:00   closing = table of 12:00; the drain writes a
 *     12:01:01   the drain writes b ...
 *
 * While the store cannot be written, minutes melt into the latest. A kill forgets the tables, not
 * what they held: the totals are in the gate, and the days' figures in the store. After each start
 * all pairs are gone through once, in steps: a day's figure above that of the pair's last minute
 * becomes a row (rule U3).
 */
#include "agent/meter.h"

#include "base/id.h"

#include <stdlib.h>

enum {
    ROOM_MIN = 1024,
    STEP_MIN = 4096, /* places of the table */
    REPAIR_STEP = 1000,
};

typedef struct entry {
    uint64_t key_id, plan_id; /* key_id 0: free */
    uint64_t admitted;        /* of `day` */
    uint32_t day, throttled, over_quota;
    bool has_usage, has_answers;
    uint64_t meter, answers[FG_STATUS_CLASSES];
} entry_t;

typedef struct table {
    entry_t *entries;
    size_t room, count; /* room is a power of two */
    uint32_t minute;
} table_t;

struct fg_meter {
    table_t running, closing;
    size_t at, step_end; /* in closing: written, and what this transaction will have written */
    fg_pair_walk_t repair, repair_next; /* likewise: done, and with this transaction */
};

fg_meter_t *fg_meter_new(void)
{
    return calloc(1, sizeof(fg_meter_t));
}

void fg_meter_free(fg_meter_t *meter)
{
    if (!meter)
        return;
    free(meter->running.entries);
    free(meter->closing.entries);
    free(meter);
}

/* ---- the table ---- */

static size_t place_of(const table_t *table, uint64_t key_id, uint64_t plan_id)
{
    uint64_t hash =
        (key_id ^ plan_id * UINT64_C(0x9E3779B97F4A7C15)) * UINT64_C(0xBF58476D1CE4E5B9);
    size_t at = (size_t)(hash ^ hash >> 31) & (table->room - 1);
    while (table->entries[at].key_id != 0 &&
           (table->entries[at].key_id != key_id || table->entries[at].plan_id != plan_id))
        at = (at + 1) & (table->room - 1);
    return at;
}

static bool grow(table_t *table)
{
    table_t grown = *table;
    grown.room = table->room ? 2 * table->room : ROOM_MIN;
    grown.entries = calloc(grown.room, sizeof(*grown.entries));
    if (!grown.entries)
        return false;
    for (size_t i = 0; i < table->room; i++) {
        const entry_t *entry = &table->entries[i];
        if (entry->key_id != 0)
            grown.entries[place_of(&grown, entry->key_id, entry->plan_id)] = *entry;
    }
    free(table->entries);
    *table = grown;
    return true;
}

/* Found or made; NULL without memory. */
static entry_t *entry_of(table_t *table, uint64_t key_id, uint64_t plan_id)
{
    FG_ASSERT(key_id != 0);
    if (2 * (table->count + 1) > table->room && !grow(table))
        return NULL;
    entry_t *entry = &table->entries[place_of(table, key_id, plan_id)];
    if (entry->key_id == 0) {
        *entry = (entry_t){.key_id = key_id, .plan_id = plan_id};
        table->count++;
    }
    return entry;
}

/* ---- minutes ---- */

/* Answers whose pair has no count yet go on into the next minute. */
static bool carry_answers(table_t *running, const table_t *over)
{
    for (size_t i = 0; i < over->room; i++) {
        const entry_t *from = &over->entries[i];
        if (from->key_id == 0 || from->has_usage)
            continue;
        entry_t *to = entry_of(running, from->key_id, from->plan_id);
        if (!to)
            return false;
        *to = *from;
    }
    return true;
}

/* Begin the minute that holds `now`. Without memory, or with the minute before still being written,
 * the table goes on as that of the new minute. A clock that stepped back stays. */
static void turn(fg_meter_t *meter, fg_wall_t now)
{
    uint32_t minute = (uint32_t)(now.s / FG_MINUTE_S);
    if (minute <= meter->running.minute)
        return;
    if (meter->running.count > 0 && meter->closing.count == 0) {
        table_t next = {.minute = minute};
        if (carry_answers(&next, &meter->running)) {
            meter->closing = meter->running;
            meter->at = meter->step_end = 0;
            meter->running = next;
            return;
        }
        free(next.entries);
    }
    meter->running.minute = minute;
}

static uint64_t word_of_day(const fg_gate_usage_t *usage, uint32_t day)
{
    uint64_t word = usage->day_words[day & 1];
    return FG_QUOTA_WORD_DAY(word) == day ? FG_QUOTA_WORD_USED(word) : 0;
}

/* Counted between the last drain before midnight and midnight: into the last minute of that day.
 * False without memory. */
static bool note_yesterday(fg_meter_t *meter, const fg_gate_usage_t *usage, uint32_t day)
{
    uint64_t admitted = word_of_day(usage, day);
    if (admitted == 0 || meter->at > 0)
        return true;
    if (meter->closing.count == 0)
        meter->closing.minute = (day + 1) * FG_DAY_MINUTES - 1;
    entry_t *entry = entry_of(&meter->closing, usage->key_id, usage->plan_id);
    if (!entry)
        return false;
    if (!entry->has_usage) {
        entry->throttled = usage->throttled;
        entry->over_quota = usage->over_quota;
        entry->has_usage = true;
    }
    entry->day = day;
    entry->admitted = admitted;
    return true;
}

bool fg_meter_note(fg_meter_t *meter, const fg_gate_usage_t *usage, fg_wall_t now)
{
    if (FG_GATE_IS_GROUP(usage->key_id) || usage->key_id == 0 || usage->plan_id == 0)
        return true;
    turn(meter, now);
    entry_t *entry = entry_of(&meter->running, usage->key_id, usage->plan_id);
    if (!entry)
        return false;
    uint32_t day = meter->running.minute / FG_DAY_MINUTES;
    if (!entry->has_usage && meter->running.minute % FG_DAY_MINUTES == 0 &&
        !note_yesterday(meter, usage, day - 1))
        return false;
    entry->day = day;
    entry->admitted = word_of_day(usage, day);
    entry->throttled = usage->throttled;
    entry->over_quota = usage->over_quota;
    entry->has_usage = true;
    return true;
}

/* The entry of a minute that is over and not yet being written; NULL when there is none. */
static entry_t *closing_of(fg_meter_t *meter, uint64_t key_id, uint64_t plan_id, uint32_t minute)
{
    const table_t *closing = &meter->closing;
    if (closing->count == 0 || closing->minute != minute || meter->at > 0)
        return NULL;
    entry_t *entry = &closing->entries[place_of(closing, key_id, plan_id)];
    return entry->has_usage ? entry : NULL;
}

bool fg_meter_note_answers(fg_meter_t *meter, const fg_gate_answers_t *answers, uint32_t minute)
{
    if (answers->key_id == 0 || answers->plan_id == 0)
        return true;
    entry_t *entry = closing_of(meter, answers->key_id, answers->plan_id, minute);
    if (!entry)
        entry = entry_of(&meter->running, answers->key_id, answers->plan_id);
    if (!entry)
        return false;
    memcpy(entry->answers, answers->statuses, sizeof(entry->answers));
    entry->meter = answers->meter;
    entry->has_answers = true;
    return true;
}

/* ---- writing ---- */

static fg_status_t put(fg_store_t *store, const entry_t *entry, uint32_t minute, fg_error_t *reterr)
{
    char key_id[FG_ID_BYTES_MAX + 1], plan_id[FG_ID_BYTES_MAX + 1];
    fg_minute_row_t row = {
        .key_id = fg_str_of(key_id, fg_id_unpack(entry->key_id, key_id)),
        .plan_id = fg_str_of(plan_id, fg_id_unpack(entry->plan_id, plan_id)),
        .minute = minute,
        .admitted = entry->admitted,
        .throttled = entry->throttled,
        .over_quota = entry->over_quota,
        .has_answers = entry->has_answers,
        .meter = entry->meter,
    };
    /* a total belongs to its day: minutes that melted over midnight */
    if (entry->day != 0 && entry->day < minute / FG_DAY_MINUTES)
        row.minute = (entry->day + 1) * FG_DAY_MINUTES - 1;
    memcpy(row.answers, entry->answers, sizeof(row.answers));
    return fg_store_minute_put(store, &row, reterr);
}

bool fg_meter_is_due(const fg_meter_t *meter, fg_wall_t now)
{
    return meter->closing.count > 0 || !meter->repair.is_done ||
           (meter->running.count > 0 && now.s / FG_MINUTE_S > meter->running.minute);
}

static bool has(const table_t *table, uint64_t key_id, uint64_t plan_id)
{
    return table->count > 0 && table->entries[place_of(table, key_id, plan_id)].has_usage;
}

static bool is_known(void *ctx, fg_str_t plan_id, fg_str_t key_id)
{
    const fg_meter_t *meter = ctx;
    uint64_t key = fg_id_pack(key_id), plan = fg_id_pack(plan_id);
    return has(&meter->running, key, plan) || has(&meter->closing, key, plan);
}

fg_status_t fg_meter_write(fg_meter_t *meter, fg_store_t *store, fg_wall_t now, fg_error_t *reterr)
{
    turn(meter, now);
    const table_t *closing = &meter->closing;
    size_t step = closing->room / FG_METER_STEPS + STEP_MIN;
    fg_status_t status = FG_OK;
    meter->step_end = meter->at + step < closing->room ? meter->at + step : closing->room;
    for (size_t i = meter->at; status == FG_OK && i < meter->step_end; i++) {
        const entry_t *entry = &closing->entries[i];
        if (entry->has_usage)
            status = put(store, entry, closing->minute, reterr);
    }
    meter->repair_next = meter->repair;
    if (status == FG_OK && !meter->repair.is_done)
        status = fg_store_minutes_repair(store, (uint32_t)(now.s / FG_MINUTE_S) - 1, REPAIR_STEP,
                                         is_known, meter, &meter->repair_next, reterr);
    return status;
}

void fg_meter_committed(fg_meter_t *meter)
{
    meter->repair = meter->repair_next;
    meter->at = meter->step_end;
    if (meter->at < meter->closing.room)
        return;
    free(meter->closing.entries);
    meter->closing = (table_t){0};
    meter->at = meter->step_end = 0;
}

fg_status_t fg_meter_flush(fg_meter_t *meter, fg_store_t *store, uint64_t plan_id, uint64_t key_id,
                           bool *ret_is_whole, fg_error_t *reterr)
{
    const table_t *tables[] = {&meter->closing, &meter->running};
    size_t left = plan_id == 0 ? SIZE_MAX : FG_METER_FLUSH_MAX;
    fg_status_t status = FG_OK;
    for (size_t t = 0; status == FG_OK && t < FG_COUNT_OF(tables); t++) {
        for (size_t i = 0; status == FG_OK && i < tables[t]->room; i++) {
            const entry_t *entry = &tables[t]->entries[i];
            if (!entry->has_usage || (plan_id != 0 && entry->plan_id != plan_id) ||
                (key_id != 0 && entry->key_id != key_id))
                continue;
            if (left-- == 0) {
                *ret_is_whole = false;
                return FG_OK;
            }
            status = put(store, entry, tables[t]->minute, reterr);
        }
    }
    *ret_is_whole = true;
    return status;
}
