/*
 * The MOCK integration: everything was read when the snapshot was built, what is left is to choose
 * (reference 6.11).
 */
#include "ngx_http_faregate_module.h"

#include "mapping/header_rules.h"


static ngx_int_t
ngx_http_faregate_mock_header(ngx_http_request_t *r,
    const fg_route_pair_t *header)
{
    u_char    *p, *text;
    fg_str_t   name;

    name = header->name;

    if (fg_header_is_left_out(name, FG_HEADER_CUSTOM)) {
        return NGX_OK;
    }

    if (fg_header_is_remapped(name, FG_HEADER_CUSTOM)) {
        text = ngx_pnalloc(r->pool, sizeof(FG_HEADER_REMAPPED) - 1
                                    + name.len);
        if (text == NULL) {
            return NGX_ERROR;
        }

        p = ngx_cpymem(text, FG_HEADER_REMAPPED,
                       sizeof(FG_HEADER_REMAPPED) - 1);
        p = ngx_cpymem(p, name.at, name.len);

        name = fg_str_of((const char *) text, p - text);
    }

    return ngx_http_faregate_add_header(r, name.at, name.len,
                                        header->value.at, header->value.len);
}


static ngx_int_t
ngx_http_faregate_mock_headers(ngx_http_request_t *r,
    ngx_http_faregate_ctx_t *ctx, const fg_route_mock_t *mock,
    ngx_http_faregate_answer_t *answer)
{
    size_t           i;
    fg_route_pair_t  header;

    for (i = 0; i < mock->header_count; i++) {
        header = fg_route_mock_header(ctx->route, ctx->match.method_index,
                                      mock->answer_index, i);

        if (fg_str_eq_nocase(header.name, FG_STR("Content-Type"))) {
            answer->content_type = header.value;
            continue;
        }

        if (ngx_http_faregate_mock_header(r, &header) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_faregate_mock(ngx_http_request_t *r, ngx_http_faregate_ctx_t *ctx)
{
    fg_str_t                    accept, content_type;
    fg_route_mock_t             mock;
    ngx_http_faregate_answer_t  answer;

    accept = ngx_http_faregate_header(r, "accept", sizeof("accept") - 1);
    content_type = ngx_http_faregate_header(r, "content-type",
                                            sizeof("content-type") - 1);

    mock = fg_route_mock(ctx->route, ctx->match.method_index, content_type,
                         accept);

    if (mock.is_unsupported_media_type) {
        return ngx_http_faregate_refuse(r, ctx,
                                        FG_GATEWAY_RESPONSE_UNSUPPORTED_MEDIA_TYPE,
                                        "unsupported-media-type");
    }

    if (!mock.is_configured) {
        return ngx_http_faregate_refuse(r, ctx,
                                        FG_GATEWAY_RESPONSE_API_CONFIGURATION_ERROR,
                                        "integration-misconfigured");
    }

    ngx_memzero(&answer, sizeof(ngx_http_faregate_answer_t));

    answer.status = mock.status;
    answer.content_type = mock.content_type;
    answer.body = mock.body;

    if (ngx_http_faregate_mock_headers(r, ctx, &mock, &answer) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_http_faregate_send_answer(r, ctx, &answer);
}
