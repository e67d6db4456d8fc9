/*
 * Throttles of single methods in a plan. The map of an API stage names them by path and verb, and
 * either may be a star; the gate knows methods by number. A path that is spelled out is numbered
 * without looking whether the stage has it, a star as the path is put in for by the methods that
 * the stage serves. Of several entries for one method the most particular holds: path and verb, the
 * path with any verb, any path with the verb, all.
 */
#include "agent/state.h"
#include "base/json.h"
#include "route/method_id.h"

#include <limits.h>
#include <stdlib.h>

static const char *const verbs[] = {"GET",   "PUT",     "POST", "DELETE",
                                    "PATCH", "OPTIONS", "HEAD", "ANY"};

/* One entry of a map, taken apart. */
typedef struct entry {
    fg_str_t path, verb;
    fg_throttle_t throttle;
} entry_t;

typedef struct candidate {
    fg_gate_method_throttle_t method;
    int rank; /* higher is more particular */
} candidate_t;

typedef struct list {
    candidate_t *at;
    size_t count, room;
    bool is_out_of_memory;
} list_t;

static bool is_star(fg_str_t text)
{
    return fg_str_is(text, "*");
}

static void add(list_t *list, const entry_t *entry, uint64_t method_id)
{
    if (list->count == list->room) {
        size_t room = list->room * 2 + 32;
        candidate_t *at = realloc(list->at, room * sizeof(*at));
        if (!at) {
            list->is_out_of_memory = true;
            return;
        }
        list->at = at;
        list->room = room;
    }
    list->at[list->count++] = (candidate_t){
        .method = {.method_id = method_id, .throttle = entry->throttle},
        .rank = 2 * !is_star(entry->path) + !is_star(entry->verb),
    };
}

static void add_path(list_t *list, const fg_api_stage_t *stage, const entry_t *entry)
{
    for (size_t i = 0; i < FG_COUNT_OF(verbs); i++)
        if (is_star(entry->verb) || fg_str_is(entry->verb, verbs[i]))
            add(list, entry,
                fg_method_id(stage->api_id, stage->stage_name, entry->path, fg_str(verbs[i])));
}

/* Every method that the stage serves now. */
static void add_served(fg_agent_t *agent, list_t *list, const fg_api_stage_t *stage,
                       const entry_t *entry)
{
    char path[PATH_MAX];
    fg_error_t error;
    fg_route_t *route;
    fg_gate_t *gate = fg_gate_writer_gate(agent->writer);
    uint32_t index = fg_gate_stage_find(gate, stage->api_id, stage->stage_name);
    uint64_t revision = index == FG_GATE_NONE ? 0 : fg_gate_stage_revision(gate, index);
    if (revision == 0 || !fg_gate_route_path(gate, index, revision, path, sizeof(path)) ||
        fg_route_open(path, &route, &error) != FG_OK)
        return; /* served by nobody; the stage's own publication comes back here */
    for (uint32_t i = 0; i < fg_route_method_count(route); i++) {
        fg_route_entry_t method = fg_route_entry(route, i);
        if (is_star(entry->verb) || fg_str_is(entry->verb, fg_verb_text(method.verb)))
            add(list, entry, method.method_id);
    }
    fg_route_unref(route);
}

/* "<path>/<VERB>"; the root's path is "/", so that its keys begin with two slashes. */
static entry_t cut_entry(const char *key, const json_t *value)
{
    fg_str_t text = fg_str(key);
    size_t cut = text.len;
    while (cut > 0 && text.at[cut - 1] != '/')
        cut--;
    return (entry_t){
        .path = fg_str_of(text.at, cut > 0 ? cut - 1 : 0),
        .verb = fg_str_of(text.at + cut, text.len - cut),
        .throttle = fg_throttle_of(json_number_value(json_object_get(value, "rateLimit")),
                                   json_integer_value(json_object_get(value, "burstLimit"))),
    };
}

static fg_status_t add_stage(fg_agent_t *agent, list_t *list, const fg_api_stage_t *stage,
                             fg_error_t *reterr)
{
    const char *key;
    json_t *value;
    if (!stage->throttle.at)
        return FG_OK;
    FG_JSON_SCOPED *map = fg_json_parse(stage->throttle, reterr);
    if (!map)
        return fg_error_set(reterr, FG_CORRUPT, "",
                            "the method throttles of stage %.*s are no JSON",
                            FG_STR_ARG(stage->stage_name));
    json_object_foreach(map, key, value)
    {
        entry_t entry = cut_entry(key, value);
        if (is_star(entry.path))
            add_served(agent, list, stage, &entry);
        else
            add_path(list, stage, &entry);
    }
    return FG_OK;
}

/* By method, the most particular first. */
static int compare(const void *a, const void *b)
{
    const candidate_t *left = a, *right = b;
    if (left->method.method_id != right->method.method_id)
        return left->method.method_id < right->method.method_id ? -1 : 1;
    return right->rank - left->rank;
}

static fg_status_t settle_methods(fg_agent_t *agent, list_t *list, fg_gate_plan_t *ret_entry,
                                  fg_error_t *reterr)
{
    fg_gate_method_throttle_t *methods =
        fg_arena_alloc(agent->arena, (list->count + 1) * sizeof(*methods));
    if (!methods || list->is_out_of_memory)
        return fg_error_set(reterr, FG_NO_MEMORY, "", "out of memory");
    size_t count = 0;
    if (list->count > 0)
        qsort(list->at, list->count, sizeof(*list->at), compare);
    for (size_t i = 0; i < list->count; i++)
        if (i == 0 || list->at[i].method.method_id != list->at[i - 1].method.method_id)
            methods[count++] = list->at[i].method;
    ret_entry->methods = methods;
    ret_entry->method_count = count;
    return FG_OK;
}

fg_status_t fg_agent_plan_methods(fg_agent_t *agent, const fg_usage_plan_t *plan,
                                  fg_gate_plan_t *ret_entry, fg_error_t *reterr)
{
    list_t list = {0};
    fg_status_t status = FG_OK;
    for (size_t i = 0; status == FG_OK && i < plan->stage_count; i++)
        status = add_stage(agent, &list, &plan->stages[i], reterr);
    if (status == FG_OK)
        status = settle_methods(agent, &list, ret_entry, reterr);
    free(list.at);
    return status;
}

static bool has_star_path(const fg_usage_plan_t *plan)
{
    for (size_t i = 0; i < plan->stage_count; i++) {
        fg_str_t text = plan->stages[i].throttle;
        if (text.at && memmem(text.at, text.len, "\"*/", 3))
            return true;
    }
    return false;
}

fg_status_t fg_agent_plans_of_stage_sync(fg_agent_t *agent, fg_str_t api_id, fg_str_t name,
                                         fg_error_t *reterr)
{
    fg_usage_plan_t *plans;
    size_t count;
    fg_plan_query_t query = {.api_id = api_id, .stage_name = name, .is_ascending = true};
    fg_status_t status =
        fg_store_plan_list(agent->store, &query, agent->arena, &plans, &count, reterr);
    for (size_t i = 0; status == FG_OK && i < count; i++)
        if (has_star_path(&plans[i]))
            status = fg_agent_plan_sync(agent, &plans[i], reterr);
    return status;
}
