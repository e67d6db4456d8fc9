#include "ngx_http_faregate_module.h"


static ngx_int_t ngx_http_faregate_init(ngx_conf_t *cf);
static void *ngx_http_faregate_create_main_conf(ngx_conf_t *cf);
static void *ngx_http_faregate_create_loc_conf(ngx_conf_t *cf);
static char *ngx_http_faregate_merge_loc_conf(ngx_conf_t *cf, void *parent,
    void *child);
static char *ngx_http_faregate_gate_path(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_faregate_guard(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static ngx_int_t ngx_http_faregate_init_process(ngx_cycle_t *cycle);


static ngx_conf_bitmask_t  ngx_http_faregate_limit_headers[] = {
    { ngx_string("off"), NGX_HTTP_FAREGATE_LIMITS_OFF },
    { ngx_string("on"), NGX_HTTP_FAREGATE_LIMITS_IETF },
    { ngx_string("x"), NGX_HTTP_FAREGATE_LIMITS_X },
    { ngx_null_string, 0 }
};


static ngx_command_t  ngx_http_faregate_commands[] = {

    { ngx_string("faregate_gate"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_http_faregate_gate_path,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("faregate_gateway"),
      NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_faregate_loc_conf_t, gateway),
      NULL },

    { ngx_string("faregate"),
      NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE12,
      ngx_http_faregate_guard,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("faregate_dry_run"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_faregate_loc_conf_t, dry_run),
      NULL },

    { ngx_string("faregate_limit_headers"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_1MORE,
      ngx_conf_set_bitmask_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_faregate_loc_conf_t, limit_headers),
      &ngx_http_faregate_limit_headers },

    { ngx_string("faregate_problem_json"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_faregate_loc_conf_t, problem_json),
      NULL },

    { ngx_string("faregate_grant_timeout"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_msec_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_faregate_loc_conf_t, grant_timeout),
      NULL },

    { ngx_string("faregate_balancer"),
      NGX_HTTP_UPS_CONF|NGX_CONF_NOARGS,
      ngx_http_faregate_balancer,
      0,
      0,
      NULL },

      ngx_null_command
};


static ngx_http_module_t  ngx_http_faregate_module_ctx = {
    ngx_http_faregate_add_variables,       /* preconfiguration */
    ngx_http_faregate_init,                /* postconfiguration */

    ngx_http_faregate_create_main_conf,    /* create main configuration */
    NULL,                                  /* init main configuration */

    NULL,                                  /* create server configuration */
    NULL,                                  /* merge server configuration */

    ngx_http_faregate_create_loc_conf,     /* create location configuration */
    ngx_http_faregate_merge_loc_conf       /* merge location configuration */
};


ngx_module_t  ngx_http_faregate_module = {
    NGX_MODULE_V1,
    &ngx_http_faregate_module_ctx,         /* module context */
    ngx_http_faregate_commands,            /* module directives */
    NGX_HTTP_MODULE,                       /* module type */
    NULL,                                  /* init master */
    NULL,                                  /* init module */
    ngx_http_faregate_init_process,        /* init process */
    NULL,                                  /* init thread */
    NULL,                                  /* exit thread */
    NULL,                                  /* exit process */
    NULL,                                  /* exit master */
    NGX_MODULE_V1_PADDING
};


/*
 * The decision stands in the PRECONTENT phase: behind every access module, so that nobody who is
 * refused there is charged, and, unlike the access phase itself, not skipped by "satisfy any".
 */
static ngx_int_t
ngx_http_faregate_init(ngx_conf_t *cf)
{
    ngx_http_handler_pt        *h;
    ngx_http_core_main_conf_t  *cmcf;

    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);

    h = ngx_array_push(&cmcf->phases[NGX_HTTP_PRECONTENT_PHASE].handlers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    *h = ngx_http_faregate_handler;

    h = ngx_array_push(&cmcf->phases[NGX_HTTP_LOG_PHASE].handlers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    *h = ngx_http_faregate_log_handler;

    ngx_http_faregate_filter_init();

    return NGX_OK;
}


static void *
ngx_http_faregate_create_main_conf(ngx_conf_t *cf)
{
    ngx_pool_cleanup_t             *cln;
    ngx_http_faregate_main_conf_t  *fmcf;

    fmcf = ngx_pcalloc(cf->pool, sizeof(ngx_http_faregate_main_conf_t));
    if (fmcf == NULL) {
        return NULL;
    }

    cln = ngx_pool_cleanup_add(cf->pool, 0);
    if (cln == NULL) {
        return NULL;
    }

    cln->handler = ngx_http_faregate_gate_close;
    cln->data = fmcf;

    fmcf->worker = FG_GATE_NONE;

    return fmcf;
}


static void *
ngx_http_faregate_create_loc_conf(ngx_conf_t *cf)
{
    ngx_http_faregate_loc_conf_t  *flcf;

    flcf = ngx_pcalloc(cf->pool, sizeof(ngx_http_faregate_loc_conf_t));
    if (flcf == NULL) {
        return NULL;
    }

    flcf->gateway = NGX_CONF_UNSET;
    flcf->dry_run = NGX_CONF_UNSET;
    flcf->problem_json = NGX_CONF_UNSET;
    flcf->grant_timeout = NGX_CONF_UNSET_MSEC;
    flcf->api = NGX_CONF_UNSET_PTR;
    flcf->stage = NGX_CONF_UNSET_PTR;

    return flcf;
}


static char *
ngx_http_faregate_merge_loc_conf(ngx_conf_t *cf, void *parent, void *child)
{
    ngx_http_faregate_loc_conf_t   *prev = parent;
    ngx_http_faregate_loc_conf_t   *flcf = child;
    ngx_http_faregate_main_conf_t  *fmcf;

    ngx_conf_merge_value(flcf->gateway, prev->gateway, 0);
    ngx_conf_merge_value(flcf->dry_run, prev->dry_run, 0);
    ngx_conf_merge_bitmask_value(flcf->limit_headers, prev->limit_headers,
                                 (NGX_CONF_BITMASK_SET|NGX_HTTP_FAREGATE_LIMITS_OFF));
    ngx_conf_merge_value(flcf->problem_json, prev->problem_json, 0);
    ngx_conf_merge_msec_value(flcf->grant_timeout, prev->grant_timeout, 250);
    ngx_conf_merge_ptr_value(flcf->api, prev->api, NULL);
    ngx_conf_merge_ptr_value(flcf->stage, prev->stage, NULL);

    if (flcf->gateway && flcf->api) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"faregate_gateway\" and \"faregate\" exclude each other in one location");
        return NGX_CONF_ERROR;
    }

    fmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_faregate_module);

    if ((flcf->gateway || flcf->api) && fmcf->gate_path.len == 0) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"faregate_gate\" is missing, or stands behind the servers that need it");
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_faregate_gate_path(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_str_t                      *value;
    ngx_http_faregate_main_conf_t  *fmcf = conf;

    if (fmcf->gate_path.len) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (value[1].len == 0) {
        return "needs a path";
    }

    fmcf->gate_path = value[1];

    return ngx_conf_full_name(cf->cycle, &fmcf->gate_path, 0) == NGX_OK
           ? NGX_CONF_OK : NGX_CONF_ERROR;
}


static ngx_int_t
ngx_http_faregate_guard_value(ngx_conf_t *cf, ngx_str_t text,
    ngx_http_complex_value_t **ret_value)
{
    ngx_http_compile_complex_value_t  ccv;

    *ret_value = ngx_pcalloc(cf->pool, sizeof(ngx_http_complex_value_t));
    if (*ret_value == NULL) {
        return NGX_ERROR;
    }

    ngx_memzero(&ccv, sizeof(ngx_http_compile_complex_value_t));

    ccv.cf = cf;
    ccv.value = &text;
    ccv.complex_value = *ret_value;

    return ngx_http_compile_complex_value(&ccv);
}


/* faregate api=ID stage=NAME; faregate off; */
static char *
ngx_http_faregate_guard(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_str_t                      text, *value;
    ngx_uint_t                     i, skip;
    ngx_http_complex_value_t     **target;
    ngx_http_faregate_loc_conf_t  *flcf = conf;

    if (flcf->api != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (cf->args->nelts == 2 && ngx_strcmp(value[1].data, "off") == 0) {
        flcf->api = NULL;
        flcf->stage = NULL;
        return NGX_CONF_OK;
    }

    for (i = 1; i < cf->args->nelts; i++) {

        if (ngx_strncmp(value[i].data, "api=", 4) == 0) {
            target = &flcf->api;
            skip = 4;

        } else if (ngx_strncmp(value[i].data, "stage=", 6) == 0) {
            target = &flcf->stage;
            skip = 6;

        } else {
            return "takes api=ID and stage=NAME, or off";
        }

        text.data = value[i].data + skip;
        text.len = value[i].len - skip;

        if (text.len == 0 || *target != NGX_CONF_UNSET_PTR) {
            return "needs each of api=ID and stage=NAME once";
        }

        if (ngx_http_faregate_guard_value(cf, text, target) != NGX_OK) {
            return NGX_CONF_ERROR;
        }
    }

    if (flcf->api == NGX_CONF_UNSET_PTR || flcf->stage == NGX_CONF_UNSET_PTR) {
        return "needs both api=ID and stage=NAME";
    }

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_http_faregate_init_process(ngx_cycle_t *cycle)
{
    ngx_http_faregate_main_conf_t  *fmcf;

    fmcf = ngx_http_cycle_get_module_main_conf(cycle, ngx_http_faregate_module);

    if (fmcf == NULL || fmcf->gate_path.len == 0) {
        return NGX_OK;
    }

    if (ngx_http_faregate_random_init(fmcf) != NGX_OK) {
        return NGX_ERROR;
    }

    /* nothing is wrong with a gate that is still to come: requests look for it again */
    (void) ngx_http_faregate_gate(fmcf, cycle->log);

    return NGX_OK;
}
