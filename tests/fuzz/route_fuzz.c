/*
 * The request router. The first byte says what the rest is: a snapshot file (even), or a table of
 * resources and a request path, one a line (odd), which must build or be refused, and then find or
 * not.
 */
#include "route/full_source.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Sealed again, so that the check of positions is met behind the checksum. */
static void snapshot_feed(const uint8_t *data, size_t size)
{
    fg_route_t *route;
    char *image = malloc(size ? size : 1);
    if (image == NULL)
        abort();
    if (size > 0)
        memcpy(image, data, size);
    if (size >= sizeof(fg_route_header_t)) {
        uint64_t checksum = fg_route_checksum(image, size);
        memcpy(image + offsetof(fg_route_header_t, checksum), &checksum, sizeof(checksum));
    }
    if (fg_route_open_image(image, size, &route, NULL) == FG_OK) {
        if (full_read(route) == SIZE_MAX)
            abort();
        fg_route_unref(route);
    }
    free(image);
}

static void find_all(const fg_route_t *route, fg_str_t path)
{
    for (int verb = FG_VERB_ANY; verb <= FG_VERB_OTHER; verb++) {
        fg_route_match_t match;
        if (!fg_route_find(route, path, (fg_verb_t)verb, &match))
            continue;
        for (size_t i = 0; i < match.param_count; i++) {
            if (match.params[i].value.len == 0)
                abort(); /* no variable matches nothing */
        }
    }
}

static void table_feed(fg_str_t text)
{
    enum { METHODS_MAX = 32 };
    fg_route_method_t methods[METHODS_MAX];
    size_t count = 0;
    fg_str_t path = fg_str_cut(&text, '\n');
    while (text.at != NULL && count < METHODS_MAX) {
        fg_str_t line = fg_str_cut(&text, '\n');
        fg_str_t verb = fg_str_cut(&line, ' ');
        methods[count] = method_of_path("/", fg_verb_of(verb));
        methods[count++].resource_path = line;
    }
    fg_arena_t *arena = fg_arena_new();
    if (arena == NULL)
        abort();
    fg_route_source_t source = source_of(methods, count);
    fg_route_t *route;
    fg_str_t image;
    if (fg_route_image_make(&source, arena, &image, NULL) == FG_OK) {
        if (fg_route_open_image(image.at, image.len, &route, NULL) != FG_OK)
            abort(); /* what we build, we open */
        find_all(route, path);
        fg_route_unref(route);
    }
    fg_arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    if (data[0] % 2 == 0)
        snapshot_feed(data + 1, size - 1);
    else
        table_feed(fg_str_of((const char *)data + 1, size - 1));
    return 0;
}
