/*
 * The names of a request: x-amzn-RequestId (a uuid), x-amz-apigw-id and the trace id.
 *
 * They must be unlike each other, not unguessable, so each worker draws them from a generator of
 * its own (xoroshiro128+) whose seed comes from the system.
 */
#include "ngx_http_faregate_module.h"

#include <sys/random.h>


static const u_char  ngx_http_faregate_hex[] = "0123456789abcdef";


ngx_int_t
ngx_http_faregate_random_init(ngx_http_faregate_main_conf_t *fmcf)
{
    if (getrandom(fmcf->random, sizeof(fmcf->random), 0)
        != (ssize_t) sizeof(fmcf->random))
    {
        return NGX_ERROR;
    }

    fmcf->random[0] |= 1;   /* the state must not be all zero */

    return NGX_OK;
}


static uint64_t
ngx_http_faregate_rotate(uint64_t word, unsigned bits)
{
    return (word << bits) | (word >> (64 - bits));
}


static uint64_t
ngx_http_faregate_random(ngx_http_faregate_main_conf_t *fmcf)
{
    uint64_t  a, b, sum;

    a = fmcf->random[0];
    b = fmcf->random[1];
    sum = a + b;

    b ^= a;
    fmcf->random[0] = ngx_http_faregate_rotate(a, 24) ^ b ^ (b << 16);
    fmcf->random[1] = ngx_http_faregate_rotate(b, 37);

    return sum;
}


static u_char *
ngx_http_faregate_put_hex(u_char *p, uint64_t word, ngx_uint_t digits)
{
    while (digits--) {
        *p++ = ngx_http_faregate_hex[(word >> (4 * digits)) & 0xf];
    }

    return p;
}


void
ngx_http_faregate_make_ids(ngx_http_faregate_ctx_t *ctx)
{
    u_char      *p;
    uint64_t     high, low, last;
    ngx_uint_t   i;

    static const u_char  base64[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

    if (ctx->has_ids) {
        return;
    }

    high = ngx_http_faregate_random(ctx->conf);
    low = ngx_http_faregate_random(ctx->conf);

    /* version 4, variant 1 */
    high = (high & ~UINT64_C(0xf000)) | UINT64_C(0x4000);
    low = (low & ~(UINT64_C(3) << 62)) | (UINT64_C(2) << 62);

    p = ctx->request_id;
    p = ngx_http_faregate_put_hex(p, high >> 32, 8);
    *p++ = '-';
    p = ngx_http_faregate_put_hex(p, high >> 16, 4);
    *p++ = '-';
    p = ngx_http_faregate_put_hex(p, high, 4);
    *p++ = '-';
    p = ngx_http_faregate_put_hex(p, low >> 48, 4);
    *p++ = '-';
    ngx_http_faregate_put_hex(p, low, 12);

    high = ngx_http_faregate_random(ctx->conf);
    last = ngx_http_faregate_random(ctx->conf);

    for (i = 0; i < NGX_HTTP_FAREGATE_EXTENDED_ID_LEN - 1; i++) {
        ctx->extended_id[i] = base64[high & 0x3f];
        high = (i == 7) ? last : high >> 6;
    }

    ctx->extended_id[i] = '=';
    ctx->has_ids = 1;
}


void
ngx_http_faregate_make_trace_id(ngx_http_faregate_main_conf_t *fmcf,
    u_char *ret_text)
{
    u_char  *p;

    p = ngx_cpymem(ret_text, "Root=1-", sizeof("Root=1-") - 1);
    p = ngx_http_faregate_put_hex(p, (uint64_t) ngx_time(), 8);
    *p++ = '-';
    p = ngx_http_faregate_put_hex(p, ngx_http_faregate_random(fmcf), 16);
    ngx_http_faregate_put_hex(p, ngx_http_faregate_random(fmcf), 8);
}
