/*
 * Rule 6.9: the URI that a backend is asked for, hostile values included.
 */
#include "mapping/backend_uri.h"

#include "route/route_support.h"

/* The request's values: "name=value" lines, the value up to the line's end. */
static fg_str_t lookup(void *ctx, fg_str_t name)
{
    fg_str_t rest = fg_str(ctx);
    while (rest.at != NULL) {
        fg_str_t line = fg_str_cut(&rest, '|');
        if (fg_str_eq(fg_str_cut(&line, '='), name))
            return line;
    }
    return FG_STR_NONE;
}

static const fg_route_pair_t mapped_path[] = {
    {FG_STR("user"), FG_STR("method.request.header.X-User")}, {FG_STR("v"), FG_STR("'v2'")}};
static const fg_route_pair_t mapped_query[] = {
    {FG_STR("tenant"), FG_STR("method.request.header.X-Tenant")},
    {FG_STR("q"), FG_STR("method.request.querystring.search")},
    {FG_STR("fixed"), FG_STR("'yes'")}};

static const struct {
    const char *path;   /* of the integration */
    const char *values; /* of the request */
    const char *query;  /* of the client */
    size_t path_count, query_count;
    const char *uri; /* NULL: refused */
} rows[] = {
    /* nothing to replace */
    {"/", "", "", 0, 0, "/"},
    {"/v1/weather", "", NULL, 0, 0, "/v1/weather"},
    /* path variables, raw, under their own name; greedy with and without the plus; a missing one is
       empty */
    {"/v1/{id}", "method.request.path.id=7", "", 0, 0, "/v1/7"},
    {"/v1/{id}", "method.request.path.id=test%2Balias@gmail.com", "", 0, 0,
     "/v1/test%2Balias@gmail.com"},
    {"/{proxy}", "method.request.path.proxy=a/b//c", "", 0, 0, "/a/b//c"},
    {"/x/{proxy+}", "method.request.path.proxy=a/b", "", 0, 0, "/x/a/b"},
    {"/v1/{none}/x", "", "", 0, 0, "/v1//x"},
    {"/{a}{b}", "method.request.path.a=1|method.request.path.b=2", "", 0, 0, "/12"},
    /* mapped path parameters come first */
    {"/{v}/{user}", "method.request.header.X-User=ann|method.request.path.user=bob", "", 2, 0,
     "/v2/ann"},
    {"/{user}", "method.request.header.X-User=a/b?c#d e%é", "", 1, 0, "/a/b%3Fc%23d%20e%25%C3%A9"},
    /* the integration's own query, then the client's, then the mapped */
    {"/a?own=1", "", "mine=2", 0, 0, "/a?own=1&mine=2"},
    {"/a?", "", "mine=2", 0, 0, "/a?mine=2"},
    {"/a", "method.request.header.X-Tenant=acme", "tenant=x", 0, 3,
     "/a?tenant=x&tenant=acme&fixed=yes"},
    {"/a", "method.request.header.X-Tenant=a&b=c d+%", "", 0, 1, "/a?tenant=a%26b=c%20d%2B%25"},
    {"/a", "method.request.querystring.search=x%20y+z", "search=x%20y+z", 0, 2,
     "/a?search=x%20y+z&q=x%20y+z"},
    {"/a?id={id}", "method.request.path.id=1&admin=true", "", 0, 0, "/a?id=1%26admin=true"},
    /* an absent or empty value is not sent */
    {"/a", "method.request.header.X-Tenant=", "", 0, 2, "/a"},
    /* braces that are no variable */
    {"/a{", "", "", 0, 0, "/a{"},
    {"/a}b", "", "", 0, 0, "/a}b"},
    /* a value cannot end the path */
    {"/v1/{id}/x", "method.request.path.id=7?admin=1", "", 0, 0, "/v1/7%3Fadmin=1/x"},
    {"/v1/{id}/x", "method.request.path.id=7#", "", 0, 0, "/v1/7%23/x"},
    /* nor smuggle a line, a blank or a control byte */
    {"/v1/{id}", "method.request.path.id=7 HTTP/1.1", "", 0, 0, NULL},
    {"/v1/{id}", "method.request.path.id=7\r\nHost: evil", "", 0, 0, NULL},
    {"/v1/{id}", "method.request.path.id=\x7f", "", 0, 0, NULL},
    {"/{user}", "method.request.header.X-User=a\rb", "", 1, 0, NULL},
    {"/a", "method.request.header.X-Tenant=a\nb", "", 0, 1, NULL},
    {"/a", "", "q=a b", 0, 0, NULL},
    {"/a", "", "q=a\r\nX: y", 0, 0, NULL},
    {"/a", "", "q=a#b", 0, 0, NULL},
    /* nor climb out, however it is spelled */
    {"/v1/{proxy}", "method.request.path.proxy=../admin", "", 0, 0, NULL},
    {"/v1/{proxy}", "method.request.path.proxy=a/../../admin", "", 0, 0, NULL},
    {"/v1/{proxy}", "method.request.path.proxy=a/..", "", 0, 0, NULL},
    {"/v1/{proxy}/x", "method.request.path.proxy=.", "", 0, 0, NULL},
    {"/v1/{id}", "method.request.path.id=%2e%2E", "", 0, 0, NULL},
    {"/v1/{id}", "method.request.path.id=.%2e%2fadmin", "", 0, 0, NULL},
    {"/v1/{id}", "method.request.path.id=x%5c..%5Cadmin", "", 0, 0, NULL},
    {"/v1/{id}", "method.request.path.id=..;a=b", "", 0, 0, NULL},
    {"/v1/.{id}", "method.request.path.id=.", "", 0, 0, NULL},
    /* dots that climb nowhere are fine, and so is what the operator wrote */
    {"/v1/{id}", "method.request.path.id=...", "", 0, 0, "/v1/..."},
    {"/v1/{id}", "method.request.path.id=a..b", "", 0, 0, "/v1/a..b"},
    {"/v1/{id}", "method.request.path.id=.well-known", "", 0, 0, "/v1/.well-known"},
    {"/v1/../x", "", "p=../..", 0, 0, "/v1/../x?p=../.."},
};

static fg_route_t *route_of_row(size_t row, fg_arena_t *arena)
{
    fg_route_method_t method = method_of_path("/{proxy+}", FG_VERB_GET);
    method.integration = (fg_route_integration_t){.kind = FG_INTEGRATION_HTTP_PROXY,
                                                  .path = fg_str(rows[row].path),
                                                  .path_parameters = mapped_path,
                                                  .path_parameter_count = rows[row].path_count,
                                                  .query_parameters = mapped_query,
                                                  .query_parameter_count = rows[row].query_count};
    fg_route_source_t source = source_of(&method, 1);
    return route_of(&source, arena);
}

static void test_composition(void **state)
{
    (void)state;
    for (size_t i = 0; i < FG_COUNT_OF(rows); i++) {
        char uri[512];
        size_t len = 0;
        fg_arena_t *arena = fg_arena_new();
        fg_route_t *route = route_of_row(i, arena);
        char *values = strdup(rows[i].values);
        fg_mapping_source_t source = {lookup, values};
        fg_backend_uri_request_t request = {route, 0, fg_str(rows[i].query), &source, NULL};
        fg_backend_uri_outcome_t outcome = fg_backend_uri_compose(&request, uri, sizeof(uri), &len);
        fg_backend_uri_outcome_t want = rows[i].uri ? FG_BACKEND_URI_OK : FG_BACKEND_URI_REFUSED;
        if (outcome != want || (rows[i].uri && !fg_str_is(fg_str_of(uri, len), rows[i].uri)))
            fail_msg("row %zu, %s with %s: outcome %d, %.*s", i, rows[i].path, rows[i].values,
                     (int)outcome, (int)len, uri);
        free(values);
        fg_route_unref(route);
        fg_arena_free(arena);
    }
}

static void test_every_room_up_to_the_needed_one(void **state)
{
    (void)state;
    for (size_t i = 0; i < FG_COUNT_OF(rows); i++) {
        fg_arena_t *arena = fg_arena_new();
        fg_route_t *route = route_of_row(i, arena);
        char *values = strdup(rows[i].values);
        fg_mapping_source_t source = {lookup, values};
        fg_backend_uri_request_t request = {route, 0, fg_str(rows[i].query), &source, NULL};
        size_t need = 0, len = 0;
        assert_int_equal(fg_backend_uri_compose(&request, NULL, 0, &need), FG_BACKEND_URI_TOO_LONG);
        for (size_t room = 1; room <= need; room++) {
            char *exact = malloc(room);
            fg_backend_uri_outcome_t outcome = fg_backend_uri_compose(&request, exact, room, &len);
            assert_int_equal(outcome == FG_BACKEND_URI_TOO_LONG, room < need);
            free(exact);
        }
        free(values);
        fg_route_unref(route);
        fg_arena_free(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_composition),
        cmocka_unit_test(test_every_room_up_to_the_needed_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
