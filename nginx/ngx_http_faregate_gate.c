/*
 * The worker's mapping of the gate.
 *
 * nginx starts before the gate exists and lives through its replacement: whoever needs it opens it,
 * at most once a second, and requests that come meanwhile are answered 503 with Retry-After.
 */
#include "ngx_http_faregate_module.h"


void
ngx_http_faregate_gate_close(void *data)
{
    ngx_http_faregate_main_conf_t  *fmcf = data;

    ngx_http_faregate_snapshots_drop(fmcf);

    if (fmcf->gate && fmcf->worker != FG_GATE_NONE) {
        fg_gate_worker_release(fmcf->gate, fmcf->worker);
    }

    fg_gate_close(fmcf->gate);
    fmcf->gate = NULL;
}


static void
ngx_http_faregate_gate_open(ngx_http_faregate_main_conf_t *fmcf, ngx_log_t *log)
{
    fg_gate_t    *gate;
    fg_error_t    error;
    fg_status_t   status;

    error.message[0] = '\0';

    status = fg_gate_open((const char *) fmcf->gate_path.data, &gate, &error);

    if (status != FG_OK) {
        if (!fmcf->is_missing_logged) {
            ngx_log_error(NGX_LOG_ERR, log, 0,
                          "faregate: gate \"%V\" cannot be opened (%s: %s), "
                          "requests are answered 503 until it can",
                          &fmcf->gate_path, fg_status_text(status), error.message);
            fmcf->is_missing_logged = 1;
        }

        return;
    }

    ngx_log_error(NGX_LOG_NOTICE, log, 0, "faregate: gate \"%V\" is open",
                  &fmcf->gate_path);

    ngx_http_faregate_gate_close(fmcf);
    fmcf->gate = gate;
    fmcf->gate_number++;
    fmcf->worker = fg_gate_worker_claim(gate);
    fmcf->is_missing_logged = 0;
}


/* Workers that a reload leaves behind keep theirs until they are gone. */
uint32_t
ngx_http_faregate_worker(ngx_http_faregate_main_conf_t *fmcf)
{
    if (fmcf->worker == FG_GATE_NONE && fmcf->claimed_at != ngx_time()) {
        fmcf->claimed_at = ngx_time();
        fmcf->worker = fg_gate_worker_claim(fmcf->gate);
    }

    return fmcf->worker;
}


fg_gate_t *
ngx_http_faregate_gate(ngx_http_faregate_main_conf_t *fmcf, ngx_log_t *log)
{
    if (fmcf->gate && !fg_gate_is_retired(fmcf->gate)) {
        return fmcf->gate;
    }

    if (fmcf->tried_at != ngx_time()) {
        fmcf->tried_at = ngx_time();
        ngx_http_faregate_gate_open(fmcf, log);
    }

    /* what a retired gate admits, the new one would never hear of */
    return fmcf->gate && !fg_gate_is_retired(fmcf->gate) ? fmcf->gate : NULL;
}
