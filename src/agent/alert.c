/*
 * alert - thresholds of quotas that were reached.
 *
 * Every drain asks of every pair it writes whether a threshold was reached, so the common answers
 * are cheap: the thresholds of a plan are kept as long as no change is published, and the alerts
 * that are known to be fired are kept by their hashes. What is not known is asked of the store,
 * whose primary key makes an alert fire once; its event goes into the outbox in the same
 * transaction.
 */
#include "agent/alert.h"

#include "model/event.h"
#include "model/extension.h"
#include "store/outbox.h"
#include "store/usage_minute.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    GROUP_BYTES_MAX = 20, /* "~" and the digits of 63 bits */
    RECENT_S = 3600,
    PLANS_KEPT = 256,     /* a power of two */
    FIRED_KEPT = 1 << 17, /* likewise; one MiB, taken when the first alert fires */
};

typedef struct plan {
    uint64_t plan_id;
    uint64_t seq; /* the last change when it was read */
    unsigned thresholds[FG_ALERT_THRESHOLDS_MAX];
    size_t threshold_count;
} plan_t;

/* The window of a pair, as the ledger has it. */
typedef struct window {
    fg_str_t key_id; /* "~<number>": the quota that a customer's keys share */
    fg_str_t plan_id;
    uint32_t start_day;
    uint64_t used, limit;
    const fg_gate_usage_t *usage;
} window_t;

struct fg_agent_alerts {
    plan_t plans[PLANS_KEPT];
    uint64_t *fired; /* each at its own low bits; NULL until the first */
};

static fg_status_t no_memory(fg_error_t *reterr)
{
    return fg_error_set(reterr, FG_NO_MEMORY, "", "%s", fg_status_text(FG_NO_MEMORY));
}

/* The finalizer of splitmix64. */
static uint64_t mix(uint64_t word)
{
    word = (word ^ word >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    word = (word ^ word >> 27) * UINT64_C(0x94d049bb133111eb);
    return word ^ word >> 31;
}

static uint64_t mix_text(uint64_t hash, fg_str_t text)
{
    for (size_t i = 0; i < text.len; i++)
        hash = (hash ^ (uint8_t)text.at[i]) * UINT64_C(0x100000001b3);
    return mix(hash);
}

/* ---- what is kept between drains ---- */

static fg_agent_alerts_t *alerts_of(fg_agent_t *agent)
{
    if (!agent->alerts)
        agent->alerts = calloc(1, sizeof(*agent->alerts));
    return agent->alerts;
}

void fg_agent_alerts_forget(fg_agent_t *agent)
{
    if (!agent->alerts)
        return;
    free(agent->alerts->fired);
    agent->alerts->fired = NULL;
}

void fg_agent_alerts_free(fg_agent_t *agent)
{
    fg_agent_alerts_forget(agent);
    free(agent->alerts);
    agent->alerts = NULL;
}

static uint64_t hash_of(const window_t *window, unsigned threshold)
{
    uint64_t hash = mix(window->start_day ^ (uint64_t)threshold << 32);
    return mix_text(mix_text(hash, window->plan_id), window->key_id);
}

static bool is_known(const fg_agent_alerts_t *alerts, uint64_t hash)
{
    return alerts->fired && alerts->fired[hash % FIRED_KEPT] == hash;
}

static void keep(fg_agent_alerts_t *alerts, uint64_t hash)
{
    if (!alerts->fired)
        alerts->fired = calloc(FIRED_KEPT, sizeof(*alerts->fired));
    if (alerts->fired)
        alerts->fired[hash % FIRED_KEPT] = hash;
}

/* ---- plans ---- */

static fg_status_t read_extension(fg_agent_t *agent, fg_str_t plan_id,
                                  fg_plan_extension_t *ret_extension, fg_error_t *reterr)
{
    fg_usage_plan_t plan;
    fg_status_t status = fg_store_plan_get(agent->store, plan_id, agent->arena, &plan, reterr);
    return status == FG_OK
               ? fg_plan_extension_parse(plan.extension, agent->arena, ret_extension, reterr)
               : status;
}

/* A plan that is gone, or whose members cannot be read, has no thresholds. */
static fg_status_t find_plan(fg_agent_t *agent, fg_str_t plan_id, const plan_t **ret_plan,
                             fg_error_t *reterr)
{
    uint64_t id = fg_id_pack(plan_id);
    plan_t *kept = &agent->alerts->plans[mix(id) % PLANS_KEPT];
    *ret_plan = kept;
    if (kept->plan_id == id && kept->seq == agent->seq)
        return FG_OK;
    fg_plan_extension_t extension = {0};
    fg_status_t status = read_extension(agent, plan_id, &extension, reterr);
    if (status != FG_OK && status != FG_NOT_FOUND && status != FG_BAD_REQUEST)
        return status;
    *kept = (plan_t){
        .plan_id = id, .seq = agent->seq, .threshold_count = extension.alert_threshold_count};
    memcpy(kept->thresholds, extension.alert_thresholds, sizeof(kept->thresholds));
    return FG_OK;
}

/* ---- firing ---- */

static bool is_group(fg_str_t key_id)
{
    return fg_str_starts_with(key_id, FG_STR("~"));
}

static fg_str_t owner_text(uint64_t key_id, char *ret_text, size_t room)
{
    if (!FG_GATE_IS_GROUP(key_id))
        return fg_str_of(ret_text, fg_id_unpack(key_id, ret_text));
    int bytes = snprintf(ret_text, room, "~%llu", (unsigned long long)(key_id & INT64_MAX));
    return fg_str_of(ret_text, (size_t)bytes);
}

static uint64_t number_of(fg_str_t group)
{
    int64_t number = 0;
    bool is_number = fg_str_to_i64(fg_str_of(group.at + 1, group.len - 1), &number);
    FG_ASSERT(is_number);
    return (uint64_t)number;
}

/* Whose quota it is: a key and perhaps its customer, or a customer alone. */
static fg_status_t fill_owner(fg_agent_t *agent, fg_str_t key_id, fg_alert_t *alert,
                              fg_error_t *reterr)
{
    fg_api_key_t key;
    if (is_group(key_id))
        return fg_store_customer_id(agent->store, number_of(key_id), agent->arena,
                                    &alert->customer_id, reterr);
    alert->key_id = key_id;
    fg_status_t status = fg_store_key_get(agent->store, key_id, false, agent->arena, &key, reterr);
    if (status == FG_OK)
        alert->customer_id = key.customer_id;
    return status == FG_NOT_FOUND ? FG_OK : status;
}

/* Requests of minutes, from totals that begin anew with each day. */
typedef struct count {
    uint32_t first_minute, day;
    uint64_t total; /* of that day so far */
    uint64_t requests;
    bool is_any;
} count_t;

static void count_total(count_t *count, uint32_t day, uint64_t total, bool is_in_range)
{
    uint64_t before = count->is_any && day == count->day ? count->total : 0;
    if (is_in_range && total > before)
        count->requests += total - before;
    count->day = day;
    count->total = total;
    count->is_any = true;
}

static fg_status_t count_row(void *ctx, const fg_minute_row_t *row, fg_error_t *reterr)
{
    count_t *count = ctx;
    (void)reterr;
    count_total(count, row->minute / FG_DAY_MINUTES, row->admitted,
                row->minute >= count->first_minute);
    return FG_OK;
}

/* The last hour from the minutes that are written and this instant's total of today. */
static fg_status_t fill_recent(fg_agent_t *agent, const window_t *window, fg_wall_t now,
                               fg_alert_t *alert, fg_error_t *reterr)
{
    int64_t from_s = now.s - RECENT_S > alert->opened_at.s ? now.s - RECENT_S : alert->opened_at.s;
    uint32_t today = (uint32_t)(now.s / FG_DAY_S);
    uint64_t word = window->usage->day_words[today & 1];
    fg_minute_query_t query = {.plan_id = window->plan_id,
                               .key_id = window->key_id,
                               .first_minute = (uint32_t)(from_s / FG_MINUTE_S),
                               .last_minute = (uint32_t)(now.s / FG_MINUTE_S)};
    count_t count = {.first_minute = query.first_minute};
    bool has_more;
    if (is_group(window->key_id) || now.s <= from_s)
        return FG_OK;
    fg_status_t status =
        fg_store_minutes_each(agent->store, &query, count_row, &count, &has_more, reterr);
    if (status != FG_OK || !count.is_any)
        return status;
    if (FG_QUOTA_WORD_DAY(word) == today)
        count_total(&count, today, FG_QUOTA_WORD_USED(word), true);
    alert->has_recent = true;
    alert->recent = (fg_pace_t){count.requests, now.s - from_s};
    return FG_OK;
}

static fg_status_t put_event(fg_agent_t *agent, const fg_alert_t *alert, fg_str_t url, fg_now_t now,
                             fg_error_t *reterr)
{
    fg_outbox_event_t row = {.url = url, .created_at = now.wall};
    fg_status_t status = fg_store_outbox_id(agent->store, agent->arena, &row.id, reterr);
    if (status != FG_OK)
        return status;
    fg_event_t event = {row.id, fg_store_uuid(agent->store), now.wall};
    row.body = fg_event_alert(&event, alert, agent->arena);
    return row.body.at ? fg_store_outbox_put(agent->store, &row, reterr) : no_memory(reterr);
}

/* The alert is new: make its event. */
static fg_status_t tell(fg_agent_t *agent, const window_t *window, unsigned threshold, fg_now_t now,
                        fg_error_t *reterr)
{
    fg_plan_extension_t extension;
    fg_status_t status = read_extension(agent, window->plan_id, &extension, reterr);
    if (status != FG_OK)
        return status;
    fg_wall_t opened_at = {(int64_t)window->start_day * FG_DAY_S};
    fg_quota_t quota = window->usage->quota;
    fg_quota_window_t days = fg_quota_window_at(quota.period, quota.offset_days, opened_at);
    fg_alert_t alert = {
        .plan_id = window->plan_id,
        .threshold = threshold,
        .used = window->used,
        .limit = window->limit,
        .opened_at = opened_at,
        .ends_at = {(int64_t)days.end_day * FG_DAY_S},
    };
    status = fill_owner(agent, window->key_id, &alert, reterr);
    if (status == FG_OK)
        status = fill_recent(agent, window, now.wall, &alert, reterr);
    fg_str_t url = extension.alert_webhook_url.at ? extension.alert_webhook_url
                                                  : fg_str(agent->options.alert_webhook_url);
    return status == FG_OK ? put_event(agent, &alert, url, now, reterr) : status;
}

/* A pair that has gone concerns nobody. */
static fg_status_t is_told_of(fg_agent_t *agent, const window_t *window, bool *ret_is,
                              fg_error_t *reterr)
{
    *ret_is = is_group(window->key_id);
    return *ret_is
               ? FG_OK
               : fg_store_pair_has(agent->store, window->plan_id, window->key_id, ret_is, reterr);
}

static fg_status_t fire(fg_agent_t *agent, const window_t *window, unsigned threshold, fg_now_t now,
                        fg_error_t *reterr)
{
    uint64_t hash = hash_of(window, threshold);
    bool is_wanted, is_new;
    if (is_known(agent->alerts, hash))
        return FG_OK;
    fg_status_t status = is_told_of(agent, window, &is_wanted, reterr);
    if (status != FG_OK || !is_wanted)
        return status;
    status = fg_store_alert_fire(agent->store, window->plan_id, window->key_id, window->start_day,
                                 threshold, now.wall, &is_new, reterr);
    if (status == FG_OK && is_new)
        status = tell(agent, window, threshold, now, reterr);
    if (status == FG_OK)
        keep(agent->alerts, hash);
    return status;
}

static fg_status_t check(fg_agent_t *agent, const window_t *window, fg_now_t now,
                         fg_error_t *reterr)
{
    const plan_t *plan;
    if (!alerts_of(agent))
        return no_memory(reterr);
    fg_status_t status = find_plan(agent, window->plan_id, &plan, reterr);
    for (size_t i = 0; status == FG_OK && i < plan->threshold_count; i++)
        if (window->used * 100 >= window->limit * plan->thresholds[i])
            status = fire(agent, window, plan->thresholds[i], now, reterr);
    return status;
}

fg_status_t fg_agent_alert(fg_agent_t *agent, const fg_gate_usage_t *usage, fg_now_t now,
                           fg_error_t *reterr)
{
    char key_id[GROUP_BYTES_MAX + 1], plan_id[FG_ID_BYTES_MAX + 1];
    if (usage->plan_id == 0 || !usage->quota.is_set || usage->is_shadow || usage->group_id != 0)
        return FG_OK; /* unlimited, spent by nobody, or counted in the group's window */
    window_t window = {
        .start_day = FG_QUOTA_WORD_DAY(usage->quota_word),
        .used = FG_QUOTA_WORD_USED(usage->quota_word),
        .usage = usage,
    };
    window.limit = fg_agent_limit_in(usage, window.start_day, now.wall);
    if (window.limit == 0 || window.used == 0)
        return FG_OK;
    window.key_id = owner_text(usage->key_id, key_id, sizeof(key_id));
    window.plan_id = fg_str_of(plan_id, fg_id_unpack(usage->plan_id, plan_id));
    return check(agent, &window, now, reterr);
}
