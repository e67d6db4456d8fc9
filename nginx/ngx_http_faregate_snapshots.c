/*
 * The worker's row of route snapshots, one for each stage, mapped when a request first needs its
 * revision.
 *
 * A request holds a reference of its own, so a replaced snapshot is unmapped when its last request
 * leaves.
 */
#include "ngx_http_faregate_module.h"


#define NGX_HTTP_FAREGATE_SNAPSHOT_TRIES  16


void
ngx_http_faregate_snapshots_drop(ngx_http_faregate_main_conf_t *fmcf)
{
    ngx_uint_t  i;

    for (i = 0; i < fmcf->snapshot_count; i++) {
        if (fmcf->snapshots[i].route) {
            fg_route_unref(fmcf->snapshots[i].route);
        }
    }

    if (fmcf->snapshots) {
        ngx_free(fmcf->snapshots);
    }

    fmcf->snapshots = NULL;
    fmcf->snapshot_count = 0;
}


static ngx_int_t
ngx_http_faregate_snapshots_grow(ngx_http_faregate_main_conf_t *fmcf,
    uint32_t stage_index, ngx_log_t *log)
{
    ngx_uint_t                     count;
    ngx_http_faregate_snapshot_t  *row;

    count = ngx_max(16, 2 * ((ngx_uint_t) stage_index + 1));

    row = ngx_calloc(count * sizeof(ngx_http_faregate_snapshot_t), log);
    if (row == NULL) {
        return NGX_ERROR;
    }

    if (fmcf->snapshots) {
        ngx_memcpy(row, fmcf->snapshots,
                   fmcf->snapshot_count * sizeof(ngx_http_faregate_snapshot_t));
        ngx_free(fmcf->snapshots);
    }

    fmcf->snapshots = row;
    fmcf->snapshot_count = count;

    return NGX_OK;
}


static fg_status_t
ngx_http_faregate_snapshot_open(ngx_http_faregate_main_conf_t *fmcf,
    uint32_t stage_index, uint64_t revision, fg_route_t **ret_route,
    fg_error_t *reterr)
{
    char  path[NGX_MAX_PATH];

    if (!fg_gate_route_path(fmcf->gate, stage_index, revision, path,
                            sizeof(path)))
    {
        return fg_error_set(reterr, FG_TOO_LARGE, "", "the path is too long");
    }

    return fg_route_open(path, ret_route, reterr);
}


static fg_status_t
ngx_http_faregate_snapshot_renew(ngx_http_faregate_main_conf_t *fmcf,
    uint32_t stage_index, fg_error_t *reterr)
{
    uint64_t                       revision;
    fg_route_t                    *route;
    ngx_uint_t                     try;
    fg_status_t                    status;
    ngx_http_faregate_snapshot_t  *snapshot;

    snapshot = &fmcf->snapshots[stage_index];
    status = FG_NOT_FOUND;

    for (try = 0; try < NGX_HTTP_FAREGATE_SNAPSHOT_TRIES; try++) {

        revision = fg_gate_stage_revision(fmcf->gate, stage_index);
        if (revision == 0) {
            return FG_NOT_FOUND;
        }

        status = ngx_http_faregate_snapshot_open(fmcf, stage_index, revision,
                                                 &route, reterr);

        if (status == FG_OK) {
            if (snapshot->route) {
                fg_route_unref(snapshot->route);
            }

            snapshot->route = route;
            snapshot->revision = revision;
            return FG_OK;
        }

        /* replaced, and the file removed, since the revision was read: look again */

        if (status != FG_NOT_FOUND
            || revision == fg_gate_stage_revision(fmcf->gate, stage_index))
        {
            return status == FG_NOT_FOUND ? FG_IO : status;
        }
    }

    return FG_BUSY;
}


fg_status_t
ngx_http_faregate_snapshot(ngx_http_faregate_main_conf_t *fmcf,
    uint32_t stage_index, ngx_log_t *log, fg_route_t **ret_route)
{
    uint64_t                       revision;
    fg_error_t                     error;
    fg_status_t                    status;
    ngx_http_faregate_snapshot_t  *snapshot;

    if (stage_index >= fmcf->snapshot_count
        && ngx_http_faregate_snapshots_grow(fmcf, stage_index, log) != NGX_OK)
    {
        return FG_NO_MEMORY;
    }

    revision = fg_gate_stage_revision(fmcf->gate, stage_index);
    snapshot = &fmcf->snapshots[stage_index];

    if (revision == 0) {
        return FG_NOT_FOUND;
    }

    if (snapshot->route == NULL || snapshot->revision != revision) {

        error.message[0] = '\0';
        status = ngx_http_faregate_snapshot_renew(fmcf, stage_index, &error);

        if (status != FG_OK) {
            if (status != FG_NOT_FOUND && fmcf->logged_at != ngx_time()) {
                ngx_log_error(NGX_LOG_ERR, log, 0,
                              "faregate: route snapshot %uD.%uL cannot be read (%s: %s)",
                              stage_index, revision, fg_status_text(status),
                              error.message);
                fmcf->logged_at = ngx_time();
            }

            return status;
        }
    }

    *ret_route = snapshot->route;

    return FG_OK;
}
