/*
 * route_support - snapshots in memory for the tests of this folder.
 */
#ifndef FG_TESTS_ROUTE_SUPPORT_H
#define FG_TESTS_ROUTE_SUPPORT_H

#include "route/layout.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* cmocka has no view of ours: compare by content and say both. */
#define ASSERT_STR(actual, expected)                                                               \
    do {                                                                                           \
        fg_str_t got_ = (actual), want_ = fg_str(expected);                                        \
        if (!fg_str_eq(got_, want_))                                                               \
            fail_msg("got \"%.*s\", want \"%.*s\"", FG_STR_ARG(got_), FG_STR_ARG(want_));          \
    } while (0)

static inline fg_route_method_t method_of_path(const char *path, fg_verb_t verb)
{
    return (fg_route_method_t){
        .resource_id = FG_STR("res1"), .resource_path = fg_str(path), .verb = verb};
}

static inline fg_route_source_t source_of(const fg_route_method_t *methods, size_t count)
{
    return (fg_route_source_t){.api_id = FG_STR("api1"),
                               .stage_name = FG_STR("prod"),
                               .deployment_id = FG_STR("dep1"),
                               .region = FG_STR("us-east-1"),
                               .account_id = FG_STR("000000000000"),
                               .revision = 7,
                               .methods = methods,
                               .method_count = count,
                               .quota_exceeded_status = 403};
}

/* Build and open; both live until the arena is freed and the route is let go. */
static inline fg_route_t *route_of(const fg_route_source_t *source, fg_arena_t *arena)
{
    fg_str_t image;
    fg_route_t *route;
    fg_error_t error = {0};
    if (fg_route_image_make(source, arena, &image, &error) != FG_OK)
        fail_msg("cannot build: %s", error.message);
    if (fg_route_open_image(image.at, image.len, &route, &error) != FG_OK)
        fail_msg("cannot open: %s", error.message);
    return route;
}

#endif
