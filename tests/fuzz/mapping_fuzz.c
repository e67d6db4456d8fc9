/*
 * Templates and backend URIs. Lines: the integration's path, the client's query, every value that a
 * reference yields, a template. A URI that passes has neither blanks nor control bytes; both
 * writers keep to their room.
 */
#include "mapping/backend_uri.h"
#include "mapping/template.h"
#include "route/route_support.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static fg_str_t lookup(void *ctx, fg_str_t name)
{
    return name.len % 7 == 0 ? FG_STR_NONE : *(const fg_str_t *)ctx;
}

static void template_feed(fg_str_t text, const fg_mapping_source_t *source)
{
    size_t need = fg_mapping_render(text, source, NULL, 0);
    char *exact = malloc(need ? need : 1);
    if (exact == NULL || fg_mapping_render(text, source, exact, need) != need)
        abort();
    free(exact);
}

static void uri_check(fg_str_t uri)
{
    for (size_t at = 0; at < uri.len; at++) {
        unsigned char byte = (unsigned char)uri.at[at];
        if (byte <= 0x20 || byte == 0x7f || byte == '#')
            abort();
    }
}

static void uri_feed(fg_str_t query, const fg_mapping_source_t *source, const fg_route_t *route)
{
    fg_backend_uri_request_t request = {route, 0, query, source, NULL};
    size_t need = 0, len = 0;
    if (fg_backend_uri_compose(&request, NULL, 0, &need) != FG_BACKEND_URI_TOO_LONG)
        abort(); /* there is at least a slash */
    char *exact = malloc(need);
    if (exact == NULL)
        abort();
    fg_backend_uri_outcome_t outcome = fg_backend_uri_compose(&request, exact, need, &len);
    if (outcome == FG_BACKEND_URI_TOO_LONG || (outcome == FG_BACKEND_URI_OK && len != need))
        abort();
    if (outcome == FG_BACKEND_URI_OK)
        uri_check(fg_str_of(exact, len));
    free(exact);
}

static fg_route_t *route_with_path(fg_str_t path, fg_arena_t *arena)
{
    static const fg_route_pair_t query[] = {{FG_STR("q"), FG_STR("method.request.header.X")}};
    fg_str_t image;
    fg_route_t *route;
    fg_route_method_t method = method_of_path("/", FG_VERB_GET);
    method.integration = (fg_route_integration_t){.kind = FG_INTEGRATION_HTTP_PROXY,
                                                  .path = path,
                                                  .query_parameters = query,
                                                  .query_parameter_count = 1};
    fg_route_source_t source = source_of(&method, 1);
    if (fg_route_image_make(&source, arena, &image, NULL) != FG_OK ||
        fg_route_open_image(image.at, image.len, &route, NULL) != FG_OK)
        return NULL;
    return route;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fg_str_t rest = fg_str_of((const char *)data, size);
    fg_str_t path = fg_str_cut(&rest, '\n');
    fg_str_t query = fg_str_cut(&rest, '\n');
    fg_str_t value = fg_str_cut(&rest, '\n');
    fg_mapping_source_t source = {lookup, &value};
    fg_arena_t *arena = fg_arena_new();
    if (arena == NULL)
        abort();
    template_feed(rest, &source);
    fg_route_t *route = route_with_path(path, arena);
    if (route != NULL)
        uri_feed(query, &source, route);
    fg_route_unref(route);
    fg_arena_free(arena);
    return 0;
}
