#include "sweep.h"

#include "store/audit.h"

enum { SWEEP_INTERVAL_US = 60 * FG_SECOND_US, ROWS_PER_SWEEP = 5000 };

static fg_status_t sweep(fg_node_t *node, fg_wall_t now, fg_error_t *reterr)
{
    fg_wall_t kept_from = {now.s - node->options->audit_keep_days * FG_DAY_S};
    fg_status_t status = fg_store_begin(node->store, reterr);
    if (status == FG_OK)
        status = fg_store_audit_trim(node->store, kept_from, ROWS_PER_SWEEP, NULL, reterr);
    if (status == FG_OK) /* Rule CT1 */
        status = fg_store_client_token_trim(node->store, now, ROWS_PER_SWEEP, reterr);
    if (status == FG_OK)
        status = fg_store_commit(node->store, reterr);
    if (status != FG_OK)
        fg_store_rollback(node->store);
    return status;
}

void fg_sweep(fg_node_t *node, fg_now_t now, int64_t *last_us)
{
    fg_error_t error;
    if (*last_us != 0 && now.mono.us - *last_us < SWEEP_INTERVAL_US)
        return;
    *last_us = now.mono.us;
    fg_node_lock(node);
    fg_status_t status = sweep(node, now.wall, &error);
    fg_node_unlock(node);
    if (status != FG_OK)
        fg_log(FG_LOG_WARN, "what is old could not be forgotten: %s", error.message);
}
