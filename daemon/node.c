#include "node.h"

#include "base/own_dir.h"
#include "credentials.h"
#include "store/outbox.h"

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static void log_fact(void *ctx, const char *message)
{
    (void)ctx;
    fg_log(FG_LOG_INFO, "%s", message);
}

static fg_status_t find_group(const char *name, int *ret_group_id, fg_error_t *reterr)
{
    *ret_group_id = -1;
    if (!name)
        return FG_OK;
    const struct group *group = getgrnam(name);
    if (!group)
        return fg_error_set(reterr, FG_BAD_REQUEST, "--gate-group", "there is no group %s", name);
    *ret_group_id = (int)group->gr_gid;
    return FG_OK;
}

static fg_status_t make_gate_dir(const fg_node_t *node, const char *path, fg_error_t *reterr)
{
    fg_status_t status = fg_own_dir_make(path, 0700, reterr);
    if (status != FG_OK || node->group_id < 0)
        return status;
    if (chown(path, (uid_t)-1, (gid_t)node->group_id) != 0 || chmod(path, 0750) != 0)
        return fg_error_set(reterr, FG_IO, "--gate-group", "%s cannot be given to the group: %s",
                            path, strerror(errno));
    return FG_OK;
}

static fg_status_t open_agent(fg_node_t *node, fg_error_t *reterr)
{
    char folder[PATH_MAX - 8], path[PATH_MAX];
    const fg_options_t *options = node->options;
    if (options->gate_dir)
        (void)snprintf(folder, sizeof(folder), "%s", options->gate_dir);
    else
        fg_options_gate_dir(options->data_dir, folder, sizeof(folder));
    (void)snprintf(path, sizeof(path), "%s/gate", folder);
    fg_status_t status = make_gate_dir(node, folder, reterr);
    if (status != FG_OK)
        return status;
    static char gate_path[PATH_MAX]; /* the agent borrows it for the life of the process */
    (void)snprintf(gate_path, sizeof(gate_path), "%s", path);
    node->gate_path = gate_path;
    fg_agent_options_t agent = {
        .gate_path = gate_path,
        .group_id = node->group_id,
        .keys_max = (uint64_t)options->gate_keys_max,
        .usage_minutes_keep_days = (uint32_t)options->usage_minutes_keep_days,
        .usage_days_keep = (uint32_t)options->usage_days_keep,
        .quota_exceeded_status = options->quota_exceeded_status,
        .are_keys_without_plan_allowed = options->are_keys_without_plan_allowed,
        .is_leased = true,
        .region = options->region,
        .account_id = options->account_id,
        .alert_webhook_url = options->alert_webhook_url,
        .account_throttle = {.rate_milli_rps = 10000 * 1000,
                             .burst = 5000,
                             .is_set = true}, /* Rule T2 */
        .top_keys = (size_t)options->metrics_top_keys,
        .log = log_fact,
    };
    return fg_agent_open(node->store, &agent, &node->agent, reterr);
}

static fg_status_t ensure_webhook_secret(fg_store_t *store, fg_error_t *reterr)
{
    uint8_t secret[FG_SECRET_BYTES];
    fg_arena_t *arena = fg_arena_new();
    if (!arena)
        return fg_error_set(reterr, FG_NO_MEMORY, "", "%s", fg_status_text(FG_NO_MEMORY));
    fg_status_t status = fg_store_webhook_secret_get(store, arena, secret, reterr);
    fg_arena_free(arena);
    if (status != FG_NOT_FOUND)
        return status;
    status = fg_store_begin(store, reterr);
    if (status == FG_OK)
        status = fg_store_webhook_secret_make(store, reterr);
    if (status == FG_OK)
        status = fg_store_commit(store, reterr);
    if (status != FG_OK)
        fg_store_rollback(store);
    return status;
}

/* Asked for by name; what is forgotten stays forgotten. Rule K12. */
static fg_status_t purge_key_values(fg_store_t *store, fg_error_t *reterr)
{
    uint64_t count = 0;
    fg_status_t status = fg_store_begin(store, reterr);
    if (status == FG_OK)
        status = fg_store_key_values_purge(store, &count, reterr);
    if (status == FG_OK)
        status = fg_store_commit(store, reterr);
    if (status != FG_OK) {
        fg_store_rollback(store);
        return status;
    }
    fg_log(FG_LOG_WARN, "%llu key values can be shown no more: --purge-key-values was given",
           (unsigned long long)count);
    return FG_OK;
}

fg_status_t fg_node_open(fg_node_t *node, const fg_options_t *options, fg_error_t *reterr)
{
    *node = (fg_node_t){.options = options, .mutex = PTHREAD_MUTEX_INITIALIZER};
    fg_store_options_t store = {.data_dir = options->data_dir,
                                .random = fg_random_system(),
                                .are_values_hashed = options->are_values_hashed};
    fg_status_t status = find_group(options->gate_group, &node->group_id, reterr);
    if (status == FG_OK)
        status = fg_store_open(&store, &node->store, reterr);
    if (status == FG_OK && options->are_values_purged)
        status = purge_key_values(node->store, reterr);
    if (status == FG_OK)
        status = fg_credentials_ensure(node->store, options->data_dir, options->region, reterr);
    if (status == FG_OK)
        status = ensure_webhook_secret(node->store, reterr);
    if (status == FG_OK)
        status = open_agent(node, reterr);
    if (status != FG_OK) {
        fg_node_close(node);
        return status;
    }
    node->drained_us = fg_now().mono.us;
    node->control = (fg_control_t){
        .store = node->store,
        .agent = node->agent,
        .settings =
            {
                .region = options->region,
                .account_id = options->account_id,
                .alert_webhook_url = options->alert_webhook_url,
                .lambda_endpoint = options->lambda_endpoint,
                .quota_exceeded_status = options->quota_exceeded_status,
                .is_one_plan_per_key = options->is_one_plan_per_key,
                .keys_max = options->keys_max,
            },
        .random = fg_random_system(),
    };
    return FG_OK;
}

void fg_node_close(fg_node_t *node)
{
    fg_agent_close(node->agent);
    if (node->store)
        fg_store_close(node->store);
    node->agent = NULL;
    node->store = NULL;
}

void fg_node_lock(void *node)
{
    (void)pthread_mutex_lock(&((fg_node_t *)node)->mutex);
}

void fg_node_unlock(void *node)
{
    (void)pthread_mutex_unlock(&((fg_node_t *)node)->mutex);
}

fg_str_t fg_node_health(fg_node_t *node, fg_arena_t *arena)
{
    fg_node_lock(node);
    fg_gate_writer_t *writer = fg_agent_writer(node->agent);
    fg_gate_fill_t fill = writer ? fg_gate_fill(writer) : (fg_gate_fill_t){0};
    uint64_t seq = writer ? fg_gate_seq(fg_gate_writer_gate(writer)) : 0;
    fg_node_unlock(node);
    double age_s = (double)(fg_now().mono.us - node->drained_us) / FG_SECOND_US;
    FG_JSON_SCOPED *json =
        json_pack("{s:s, s:s, s:I, s:f, s:{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}}",
                  "status", writer && age_s < 60 ? "ok" : "degraded", "version", FG_VERSION, "seq",
                  (json_int_t)seq, "drainAge", age_s, "gate", "keys", (json_int_t)fill.keys,
                  "keysMax", (json_int_t)fill.keys_max, "slots", (json_int_t)fill.slots, "slotsMax",
                  (json_int_t)fill.slots_max, "plans", (json_int_t)fill.plans, "plansMax",
                  (json_int_t)fill.plans_max, "stages", (json_int_t)fill.stages, "stagesMax",
                  (json_int_t)fill.stages_max, "buckets", (json_int_t)fill.buckets, "bucketsMax",
                  (json_int_t)fill.buckets_max, "bytesResident", (json_int_t)fill.bytes_resident);
    return json ? fg_json_render(json, arena) : FG_STR_NONE;
}
