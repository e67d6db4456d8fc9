/*
 * Rows of one file mostly name the same plans, so the plans of each different text are looked up
 * and checked once. New keys go to the store in one batch; rows whose value a key has already take
 * the way of UpdateApiKey and CreateUsagePlanKey, one by one, behind it.
 */
#include "control/key_import.h"

#include "control/key_noun.h"
#include "control/plan_noun.h"

enum { VALUE_BYTES_ADVISED = 30, PLAN_SETS_MAX = 64 };

/* The plans that a text names. */
typedef struct plan_set {
    fg_str_t text;
    fg_str_t ids[FG_PLANS_PER_KEY_MAX];
    fg_usage_plan_t plans[FG_PLANS_PER_KEY_MAX];
    size_t count;
    fg_str_t remark; /* what of it cannot be joined; empty */
} plan_set_t;

typedef struct importing {
    fg_call_t *call;
    fg_str_t plan_ids; /* of every row */
    plan_set_t *sets[PLAN_SETS_MAX];
    size_t set_count;
    fg_import_row_t *rows;
    fg_key_put_t *puts;
    size_t count, put_count, room;
    plan_set_t **put_sets; /* of each put */
    size_t *put_rows;      /* index of its row */
} importing_t;

/* ---- remarks ---- */

static fg_status_t remark(fg_call_t *call, fg_str_t *remark, fg_str_t more)
{
    if (!more.at)
        return fg_call_no_memory(call);
    *remark = fg_str_is_empty(*remark)
                  ? more
                  : fg_arena_printf(call->arena, "%.*s; %.*s", FG_STR_ARG(*remark),
                                    FG_STR_ARG(more));
    return remark->at ? FG_OK : fg_call_no_memory(call);
}

/* ---- plans ---- */

/* Rule P5: the stage of `plan` that one of the set has as well. NULL when there is none. */
static const fg_api_stage_t *clash_of(const plan_set_t *set, const fg_usage_plan_t *plan,
                                      fg_str_t *ret_other)
{
    for (size_t i = 0; i < set->count; i++)
        for (size_t k = 0; k < plan->stage_count; k++) {
            const fg_api_stage_t *stage = &plan->stages[k];
            if (!fg_plan_stage_find(&set->plans[i], stage->api_id, stage->stage_name))
                continue;
            *ret_other = set->ids[i];
            return stage;
        }
    return NULL;
}

/* Why a new key on the plans of the set cannot join `plan` too; empty when it can. */
static fg_str_t refusal_of(fg_call_t *call, const plan_set_t *set, const fg_usage_plan_t *plan)
{
    fg_str_t other;
    if (set->count == FG_PLANS_PER_KEY_MAX)
        return fg_arena_printf(call->arena, "a key can be in %d usage plans", FG_PLANS_PER_KEY_MAX);
    if (set->count > 0 && call->control->settings.is_one_plan_per_key)
        return FG_STR("a key can be on one plan");
    const fg_api_stage_t *stage = clash_of(set, plan, &other);
    if (!stage)
        return FG_STR("");
    return fg_arena_printf(call->arena,
                           "Usage Plans %.*s and %.*s both have API Stage %.*s:%.*s: a key can be "
                           "on one plan per stage",
                           FG_STR_ARG(other), FG_STR_ARG(plan->id), FG_STR_ARG(stage->api_id),
                           FG_STR_ARG(stage->stage_name));
}

static bool set_has(const plan_set_t *set, fg_str_t id)
{
    for (size_t i = 0; i < set->count; i++)
        if (fg_str_eq(set->ids[i], id))
            return true;
    return false;
}

static fg_status_t set_add(fg_call_t *call, plan_set_t *set, fg_str_t id)
{
    fg_usage_plan_t plan;
    if (fg_str_is_empty(id) || set_has(set, id))
        return FG_OK;
    bool is_id = fg_id_pack(id) != 0;
    fg_status_t status =
        is_id ? fg_store_plan_get(call->store, id, call->arena, &plan, call->error) : FG_NOT_FOUND;
    if (status == FG_NOT_FOUND) /* Rule IM5 */
        return remark(call, &set->remark,
                      fg_arena_printf(call->arena, "Invalid Usage Plan ID specified%s%.*s",
                                      is_id ? ": " : "", is_id ? (int)id.len : 0, id.at));
    if (status != FG_OK)
        return status;
    fg_str_t refusal = refusal_of(call, set, &plan);
    if (!fg_str_is_empty(refusal) || !refusal.at)
        return remark(call, &set->remark, refusal);
    set->plans[set->count] = plan;
    set->ids[set->count++] = plan.id;
    return FG_OK;
}

static fg_status_t set_fill(fg_call_t *call, plan_set_t *set, fg_str_t ids)
{
    for (fg_str_t rest = ids; rest.at;) {
        fg_status_t status = set_add(call, set, fg_str_trim(fg_str_cut(&rest, ',')));
        if (status != FG_OK)
            return status;
    }
    return FG_OK;
}

static fg_status_t set_find(importing_t *importing, fg_str_t text, plan_set_t **ret_set)
{
    fg_call_t *call = importing->call;
    for (size_t i = 0; i < importing->set_count; i++) {
        if (!fg_str_eq(importing->sets[i]->text, text))
            continue;
        *ret_set = importing->sets[i];
        return FG_OK;
    }
    plan_set_t *set = fg_arena_alloc(call->arena, sizeof(*set));
    if (!set)
        return fg_call_no_memory(call);
    set->text = text;
    set->remark = FG_STR("");
    fg_status_t status = set_fill(call, set, importing->plan_ids);
    if (status == FG_OK)
        status = set_fill(call, set, text);
    if (status == FG_OK && importing->set_count < PLAN_SETS_MAX)
        importing->sets[importing->set_count++] = set;
    *ret_set = set;
    return status;
}

/* ---- rows ---- */

/* Room for one more row. */
static fg_status_t grow(importing_t *importing)
{
    fg_call_t *call = importing->call;
    if (importing->count < importing->room)
        return FG_OK;
    if (importing->room >= FG_IMPORT_ROWS_MAX)
        return fg_error_set(call->error, FG_TOO_LARGE, "body", "At most %d rows are allowed",
                            FG_IMPORT_ROWS_MAX);
    size_t room = importing->room ? 4 * importing->room : 64, count = importing->count;
    room = room < FG_IMPORT_ROWS_MAX ? room : FG_IMPORT_ROWS_MAX;
    importing_t grown = *importing;
    grown.rows = fg_arena_alloc(call->arena, room * sizeof(*grown.rows));
    grown.puts = fg_arena_alloc(call->arena, room * sizeof(*grown.puts));
    grown.put_sets = fg_arena_alloc(call->arena, room * sizeof(*grown.put_sets));
    grown.put_rows = fg_arena_alloc(call->arena, room * sizeof(*grown.put_rows));
    if (!grown.rows || !grown.puts || !grown.put_sets || !grown.put_rows)
        return fg_call_no_memory(call);
    if (count > 0) {
        memcpy(grown.rows, importing->rows, count * sizeof(*grown.rows));
        memcpy(grown.puts, importing->puts, count * sizeof(*grown.puts));
        memcpy(grown.put_sets, importing->put_sets, count * sizeof(*grown.put_sets));
        memcpy(grown.put_rows, importing->put_rows, count * sizeof(*grown.put_rows));
    }
    grown.room = room;
    *importing = grown;
    return FG_OK;
}

static fg_status_t add_put(importing_t *importing, const fg_key_row_t *row, fg_import_row_t *result)
{
    fg_call_t *call = importing->call;
    plan_set_t *set = NULL;
    fg_status_t status = set_find(importing, row->plan_ids, &set);
    if (status != FG_OK)
        return status;
    result->remark = set->remark;
    if (row->value.len < VALUE_BYTES_ADVISED) /* Rule IM4 */
        status = remark(call, &result->remark,
                        FG_STR("the API Key value has less than 30 characters"));
    importing->put_sets[importing->put_count] = set;
    importing->put_rows[importing->put_count] = importing->count;
    importing->puts[importing->put_count++] = (fg_key_put_t){
        .key = {.value = row->value,
                .name = row->name,
                .description = fg_str_is_empty(row->description) ? FG_STR_NONE : row->description,
                .is_enabled = row->is_enabled,
                .created_at = call->now.wall,
                .updated_at = call->now.wall},
        .plan_ids = set->ids,
        .plan_count = set->count};
    return status;
}

static fg_status_t read_rows(importing_t *importing, fg_key_file_t *file)
{
    fg_call_t *call = importing->call;
    fg_key_row_t row;
    while (fg_key_file_next(file, call->arena, &row)) {
        fg_status_t status = grow(importing);
        if (status != FG_OK)
            return status;
        fg_import_row_t *result = &importing->rows[importing->count];
        *result = (fg_import_row_t){
            .number = row.number, .key_id = FG_STR(""), .remark = FG_STR("")};
        result->outcome = row.trouble ? FG_IMPORT_REFUSED : FG_IMPORT_MADE;
        if (row.trouble)
            result->remark = fg_str(row.trouble);
        else
            status = add_put(importing, &row, result);
        if (status != FG_OK)
            return status;
        importing->count++;
    }
    return FG_OK;
}

/* ---- keys that are there ---- */

static fg_status_t join(fg_call_t *call, const fg_usage_plan_t *plan, const fg_api_key_t *key,
                        fg_import_row_t *result)
{
    bool has;
    fg_status_t status = fg_store_pair_has(call->store, plan->id, key->id, &has, call->error);
    if (status != FG_OK || has)
        return status;
    status = fg_plan_key_attach(call, plan, key);
    if (status != FG_CONFLICT && status != FG_LIMIT)
        return status;
    fg_str_t why = fg_arena_copy(call->arena, fg_str(call->error->message));
    *call->error = (fg_error_t){0};
    return remark(call, &result->remark, why);
}

static bool is_same(const fg_api_key_t *key, const fg_api_key_t *wanted)
{
    return fg_str_eq(key->name, wanted->name) &&
           fg_str_eq(key->description, wanted->description) &&
           key->is_enabled == wanted->is_enabled;
}

/* Rule IM6: the key keeps its id and whatever the row does not speak of. */
static fg_status_t replace(fg_call_t *call, const fg_key_put_t *put, const plan_set_t *set,
                           fg_import_row_t *result)
{
    fg_api_key_t key;
    fg_status_t status =
        fg_store_key_get(call->store, put->key.id, false, call->arena, &key, call->error);
    if (status == FG_OK && !is_same(&key, &put->key)) {
        key.name = put->key.name;
        key.description = put->key.description;
        key.is_enabled = put->key.is_enabled;
        key.updated_at = call->now.wall;
        status = fg_store_key_update(call->store, &key, FG_STR_NONE, call->error);
    }
    for (size_t i = 0; status == FG_OK && i < set->count; i++)
        status = join(call, &set->plans[i], &key, result);
    return status;
}

static fg_status_t settle_put(importing_t *importing, size_t index)
{
    const fg_key_put_t *put = &importing->puts[index];
    fg_import_row_t *result = &importing->rows[importing->put_rows[index]];
    if (put->outcome == FG_KEY_PUT_TAKEN) { /* Rule K3 */
        result->outcome = FG_IMPORT_REFUSED;
        result->remark = FG_STR("API Key already exists");
        return FG_OK;
    }
    result->key_id = put->key.id;
    if (put->outcome == FG_KEY_PUT_MADE)
        return FG_OK;
    result->outcome = FG_IMPORT_REPLACED;
    return replace(importing->call, put, importing->put_sets[index], result);
}

/* ---- room ---- */

/* Rule K10, asked once the new keys are in the transaction: what does not fit undoes it. */
static fg_status_t room_check(importing_t *importing)
{
    fg_call_t *call = importing->call;
    size_t keys = 0, pairs = 0;
    for (size_t i = 0; i < importing->put_count; i++)
        if (importing->puts[i].outcome == FG_KEY_PUT_MADE) {
            keys++;
            pairs += importing->puts[i].plan_count;
        }
    return keys > 0 ? fg_key_room_check(call, keys, keys, pairs) : FG_OK;
}

/* ---- all of it ---- */

static void count_rows(fg_import_result_t *result)
{
    for (size_t i = 0; i < result->count; i++) {
        const fg_import_row_t *row = &result->rows[i];
        result->made += row->outcome == FG_IMPORT_MADE;
        result->replaced += row->outcome == FG_IMPORT_REPLACED;
        result->refused += row->outcome == FG_IMPORT_REFUSED;
        result->warned += row->remark.len > 0;
    }
}

fg_status_t fg_key_import(fg_call_t *call, fg_key_file_t *file, fg_str_t plan_ids,
                          fg_import_result_t *ret_result)
{
    importing_t importing = {.call = call, .plan_ids = plan_ids};
    fg_status_t status = read_rows(&importing, file);
    if (status == FG_OK)
        status = fg_store_keys_put(call->store, importing.puts, importing.put_count, call->arena,
                                   call->error);
    if (status == FG_OK)
        status = room_check(&importing);
    for (size_t i = 0; status == FG_OK && i < importing.put_count; i++)
        status = settle_put(&importing, i);
    if (status != FG_OK)
        return status;
    *ret_result = (fg_import_result_t){.rows = importing.rows, .count = importing.count};
    count_rows(ret_result);
    return FG_OK;
}
