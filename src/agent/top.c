/*
 * A ranking keeps its best entries in no order, and the worst score among them once it is full: a
 * pair that scores less is turned away with one comparison. For each slot a line remembers what it
 * had counted, and in which rankings its pair stands, so that only pairs that do are searched for.
 */
#include "agent/top.h"

#include <stdlib.h>
#include <string.h>

enum { AVERAGE_US = 3000000, STEP_US_MIN = 250000 };
#define IDLE_RPS 0.01 /* below: out of the live ranking */

typedef struct seen {
    uint64_t owner; /* of the pair; 0: never seen */
    uint32_t used, throttled, over_quota;
    uint16_t day;  /* of `used`, its low bits */
    uint8_t ranks; /* bit of each ranking that the pair stands in */
} seen_t;
_Static_assert(sizeof(seen_t) == 24, "small: there is one per slot");

typedef struct ranking {
    fg_top_entry_t *entries;
    size_t count, max;
    double least; /* score of the worst; only meant while it is full */
} ranking_t;

struct fg_top {
    ranking_t rankings[FG_TOP_RANKS];
    seen_t *seen;
    size_t seen_room;
    uint64_t slots_before;
    fg_mono_t stepped;
    fg_top_other_t other;
};

/* What one pair counted since it was seen last. */
typedef struct delta {
    uint64_t used, throttled, over_quota;
} delta_t;

fg_top_t *fg_top_new(size_t keys_max, uint64_t slots_before)
{
    fg_top_t *top = calloc(1, sizeof(*top));
    if (!top)
        return NULL;
    top->slots_before = slots_before;
    bool has_memory = true;
    for (int rank = 0; rank < FG_TOP_RANKS; rank++) {
        ranking_t *ranking = &top->rankings[rank];
        ranking->max = rank == FG_TOP_LIVE ? FG_TOP_LIVE_MAX : keys_max;
        ranking->entries = calloc(ranking->max + 1, sizeof(*ranking->entries));
        has_memory = has_memory && ranking->entries;
    }
    if (has_memory)
        return top;
    fg_top_free(top);
    return NULL;
}

void fg_top_free(fg_top_t *top)
{
    if (!top)
        return;
    for (int rank = 0; rank < FG_TOP_RANKS; rank++)
        free(top->rankings[rank].entries);
    free(top->seen);
    free(top);
}

/* ---- one ranking ---- */

static fg_top_entry_t *find(ranking_t *ranking, uint32_t slot_index)
{
    for (size_t i = 0; i < ranking->count; i++)
        if (ranking->entries[i].slot_index == slot_index)
            return &ranking->entries[i];
    return NULL;
}

static fg_top_entry_t *worst(ranking_t *ranking)
{
    fg_top_entry_t *entry = ranking->entries;
    for (size_t i = 1; i < ranking->count; i++)
        if (ranking->entries[i].score < entry->score)
            entry = &ranking->entries[i];
    return entry;
}

static void leave(fg_top_t *top, fg_top_rank_t rank, fg_top_entry_t *entry)
{
    ranking_t *ranking = &top->rankings[rank];
    top->seen[entry->slot_index].ranks &= (uint8_t) ~(1u << rank);
    if (rank == FG_TOP_USED) {
        top->other.counted += entry->counted;
        top->other.throttled += entry->counted_throttled;
        top->other.over_quota += entry->counted_over_quota;
    }
    *entry = ranking->entries[--ranking->count];
}

static void rescore(ranking_t *ranking, fg_top_entry_t *entry, double score)
{
    double before = entry->score;
    entry->score = score;
    if (ranking->count == ranking->max && (before <= ranking->least || score < ranking->least))
        ranking->least = worst(ranking)->score;
}

/* The pair's entry, made when its score is good enough; NULL when it is not. */
static fg_top_entry_t *enter(fg_top_t *top, fg_top_rank_t rank, uint32_t slot_index, double score)
{
    ranking_t *ranking = &top->rankings[rank];
    seen_t *seen = &top->seen[slot_index];
    if (seen->ranks & 1u << rank) {
        fg_top_entry_t *entry = find(ranking, slot_index);
        rescore(ranking, entry, score);
        return entry;
    }
    if (ranking->max == 0 || (ranking->count == ranking->max && score <= ranking->least))
        return NULL;
    if (ranking->count == ranking->max)
        leave(top, rank, worst(ranking));
    fg_top_entry_t *entry = &ranking->entries[ranking->count++];
    *entry = (fg_top_entry_t){.slot_index = slot_index, .score = score};
    seen->ranks |= (uint8_t)(1u << rank);
    if (ranking->count == ranking->max)
        ranking->least = worst(ranking)->score;
    return entry;
}

/* ---- one pair ---- */

static bool make_room(fg_top_t *top, uint32_t slot_index)
{
    if (slot_index < top->seen_room)
        return true;
    size_t room = (size_t)slot_index + slot_index / 2 + 1024;
    seen_t *seen = realloc(top->seen, room * sizeof(*seen));
    if (!seen)
        return false;
    memset(seen + top->seen_room, 0, (room - top->seen_room) * sizeof(*seen));
    top->seen = seen;
    top->seen_room = room;
    return true;
}

static uint64_t today_word(const fg_gate_usage_t *usage)
{
    const uint64_t *words = usage->day_words;
    return words[0] > words[1] ? words[0] : words[1]; /* the day is the high part */
}

/* The slot has another pair than before: that one leaves. */
static void forget(fg_top_t *top, uint32_t slot_index)
{
    for (int rank = 0; rank < FG_TOP_RANKS; rank++)
        if (top->seen[slot_index].ranks & 1u << rank)
            leave(top, (fg_top_rank_t)rank, find(&top->rankings[rank], slot_index));
    top->seen[slot_index] = (seen_t){0};
}

static delta_t take_delta(fg_top_t *top, const fg_gate_usage_t *usage)
{
    seen_t *seen = &top->seen[usage->slot_index];
    uint64_t owner = usage->key_id ^ usage->plan_id << 1;
    uint64_t word = today_word(usage);
    uint16_t day = (uint16_t)FG_QUOTA_WORD_DAY(word);
    uint32_t used = (uint32_t)FG_QUOTA_WORD_USED(word);
    bool is_known = seen->owner == owner;
    bool is_old = seen->owner == 0 && usage->slot_index < top->slots_before;
    if (seen->owner != 0 && !is_known)
        forget(top, usage->slot_index);
    delta_t delta = {.used = used,
                     .throttled = usage->throttled - seen->throttled,
                     .over_quota = (usage->over_quota - seen->over_quota) & INT32_MAX};
    if (is_known && seen->day == day) {
        if (used < seen->used) /* some were given back: they are not counted again */
            used = seen->used;
        delta.used = used - seen->used;
    }
    if (is_old)
        delta = (delta_t){0};
    *seen = (seen_t){.owner = owner,
                     .used = used,
                     .throttled = usage->throttled,
                     .over_quota = usage->over_quota,
                     .day = day,
                     .ranks = seen->ranks};
    return delta;
}

static uint64_t limit_of(const fg_gate_usage_t *usage, uint32_t start_day, fg_wall_t now)
{
    if (FG_QUOTA_WORD_DAY(usage->extension_word) == start_day)
        return FG_QUOTA_WORD_USED(usage->extension_word);
    if (usage->has_override_quota &&
        (usage->override_until.s == 0 || usage->override_until.s > now.s))
        return usage->override_quota_limit;
    return usage->quota.limit;
}

/* The pair's present figures into its entry. */
static void fill(fg_top_entry_t *entry, const fg_gate_usage_t *usage, fg_now_t now)
{
    uint64_t word = today_word(usage);
    uint32_t today = (uint32_t)(now.wall.s / FG_DAY_S);
    entry->key_id = usage->key_id;
    entry->plan_id = usage->plan_id;
    entry->day = FG_QUOTA_WORD_DAY(word);
    entry->used_today = entry->day >= today ? FG_QUOTA_WORD_USED(word) : 0;
    entry->throttled = usage->throttled;
    entry->over_quota = usage->over_quota;
    entry->quota_limit = entry->quota_remaining = 0;
    if (!usage->quota.is_set || usage->group_id != 0)
        return;
    fg_quota_window_t window =
        fg_quota_window_at(usage->quota.period, usage->quota.offset_days, now.wall);
    uint64_t used = FG_QUOTA_WORD_DAY(usage->quota_word) >= window.start_day
                        ? FG_QUOTA_WORD_USED(usage->quota_word)
                        : 0;
    entry->quota_limit = limit_of(usage, window.start_day, now.wall);
    entry->quota_remaining = entry->quota_limit > used ? entry->quota_limit - used : 0;
    entry->quota_reset_at.s = (int64_t)window.end_day * FG_DAY_S;
}

/* Seconds since the last step, a short one counted as STEP_US_MIN: rates of less mean little. */
static double elapsed_s(const fg_top_t *top, fg_mono_t now)
{
    int64_t us = top->stepped.us ? now.us - top->stepped.us : FG_SECOND_US;
    return (double)(us > STEP_US_MIN ? us : STEP_US_MIN) / FG_SECOND_US;
}

static void note_live(fg_top_t *top, const fg_top_entry_t *figures, delta_t delta, fg_mono_t now)
{
    uint64_t refused = delta.throttled + delta.over_quota;
    double rps = (double)(delta.used + refused) / elapsed_s(top, now);
    bool stands = top->seen[figures->slot_index].ranks & 1u << FG_TOP_LIVE;
    ranking_t *ranking = &top->rankings[FG_TOP_LIVE];
    fg_top_entry_t *entry = stands ? find(ranking, figures->slot_index) : NULL;
    if (!entry && rps > 0)
        entry = enter(top, FG_TOP_LIVE, figures->slot_index, rps);
    if (!entry)
        return;
    fg_top_entry_t before = *entry;
    *entry = *figures;
    entry->score = before.score;
    entry->admitted_rps = before.admitted_rps;
    entry->refused_rps = before.refused_rps;
    entry->fresh = before.fresh + delta.used;
    entry->fresh_refused = before.fresh_refused + refused;
}

static void note_used(fg_top_t *top, const fg_top_entry_t *figures, delta_t delta)
{
    fg_top_entry_t *entry =
        enter(top, FG_TOP_USED, figures->slot_index, (double)figures->used_today);
    if (!entry) {
        top->other.counted += delta.used;
        top->other.throttled += delta.throttled;
        top->other.over_quota += delta.over_quota;
        return;
    }
    fg_top_entry_t before = *entry;
    *entry = *figures;
    entry->score = before.score;
    entry->counted = before.counted + delta.used;
    entry->counted_throttled = before.counted_throttled + delta.throttled;
    entry->counted_over_quota = before.counted_over_quota + delta.over_quota;
}

static void note_quota(fg_top_t *top, const fg_top_entry_t *figures)
{
    if (figures->quota_limit == 0)
        return;
    double spent = 1 - (double)figures->quota_remaining / (double)figures->quota_limit;
    fg_top_entry_t *entry = enter(top, FG_TOP_QUOTA, figures->slot_index, spent);
    if (!entry)
        return;
    double score = entry->score;
    *entry = *figures;
    entry->score = score;
}

bool fg_top_note(fg_top_t *top, const fg_gate_usage_t *usage, fg_now_t now)
{
    if (usage->key_id == 0 || usage->plan_id == 0 || usage->is_shadow)
        return true;
    if (!make_room(top, usage->slot_index))
        return false;
    delta_t delta = take_delta(top, usage);
    fg_top_entry_t figures = {.slot_index = usage->slot_index};
    fill(&figures, usage, now);
    if (FG_GATE_IS_GROUP(usage->key_id)) {
        note_quota(top, &figures); /* its members count the requests */
    } else {
        note_live(top, &figures, delta, now.mono);
        note_used(top, &figures, delta);
        note_quota(top, &figures);
    }
    if (usage->is_final)
        forget(top, usage->slot_index);
    return true;
}

/* ---- once a drain ---- */

static void step_live(fg_top_t *top, double seconds)
{
    ranking_t *ranking = &top->rankings[FG_TOP_LIVE];
    double weight = seconds * FG_SECOND_US / AVERAGE_US;
    weight = weight < 1 ? weight : 1;
    for (size_t i = ranking->count; i-- > 0;) {
        fg_top_entry_t *entry = &ranking->entries[i];
        entry->admitted_rps += ((double)entry->fresh / seconds - entry->admitted_rps) * weight;
        entry->refused_rps +=
            ((double)entry->fresh_refused / seconds - entry->refused_rps) * weight;
        entry->fresh = entry->fresh_refused = 0;
        entry->score = entry->admitted_rps + entry->refused_rps;
        if (entry->score < IDLE_RPS)
            leave(top, FG_TOP_LIVE, entry);
    }
    ranking->least = ranking->count > 0 ? worst(ranking)->score : 0;
}

/* A day or a window that is over counts for nothing, until the pair is drained in the new one. */
static void step_figures(fg_top_t *top, fg_wall_t now)
{
    ranking_t *used = &top->rankings[FG_TOP_USED], *quota = &top->rankings[FG_TOP_QUOTA];
    uint32_t today = (uint32_t)(now.s / FG_DAY_S);
    for (size_t i = 0; i < used->count; i++) {
        if (used->entries[i].day >= today)
            continue;
        used->entries[i].used_today = 0;
        used->entries[i].score = 0;
    }
    used->least = used->count > 0 ? worst(used)->score : 0;
    for (size_t i = quota->count; i-- > 0;)
        if (quota->entries[i].quota_reset_at.s <= now.s)
            leave(top, FG_TOP_QUOTA, &quota->entries[i]);
    quota->least = quota->count > 0 ? worst(quota)->score : 0;
}

void fg_top_step(fg_top_t *top, fg_now_t now)
{
    if (top->stepped.us && now.mono.us - top->stepped.us < STEP_US_MIN)
        return;
    step_live(top, elapsed_s(top, now.mono));
    step_figures(top, now.wall);
    top->stepped = now.mono;
}

/* ---- reading ---- */

static int by_score(const void *a, const void *b)
{
    const fg_top_entry_t *left = a, *right = b;
    if (left->score != right->score)
        return left->score < right->score ? 1 : -1;
    return left->slot_index < right->slot_index ? -1 : left->slot_index > right->slot_index;
}

size_t fg_top_list(const fg_top_t *top, fg_top_rank_t rank, fg_top_entry_t *ret_entries, size_t max)
{
    const ranking_t *ranking = &top->rankings[rank];
    fg_top_entry_t sorted[FG_TOP_KEYS_MAX];
    FG_ASSERT(ranking->count <= FG_COUNT_OF(sorted));
    memcpy(sorted, ranking->entries, ranking->count * sizeof(*sorted));
    qsort(sorted, ranking->count, sizeof(*sorted), by_score);
    size_t count = ranking->count < max ? ranking->count : max;
    memcpy(ret_entries, sorted, count * sizeof(*sorted));
    return count;
}

fg_top_other_t fg_top_other(const fg_top_t *top)
{
    return top->other;
}
