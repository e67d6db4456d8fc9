/*
 * header_rules - which headers pass the gateway, and under which name.
 *
 * Shape      Pure functions over header names, compared without case.
 * Rule       reference 6.9, 6.10; docs/rules/routing.md, docs/rules/test-invoke.md TI5, TI6.
 */
#ifndef FG_MAPPING_HEADER_RULES_H
#define FG_MAPPING_HEADER_RULES_H

#include "base/str.h"

#define FG_HEADER_REMAPPED "x-amzn-Remapped-"

typedef enum fg_header_path {
    FG_HEADER_CUSTOM, /* AWS, HTTP, MOCK */
    FG_HEADER_PROXY   /* HTTP_PROXY */
} fg_header_path_t;

/* A client's own that no backend gets. */
bool fg_header_is_dropped(fg_str_t name);
/* The same, and those that HTTP_PROXY keeps back beside. */
bool fg_header_is_kept_back(fg_str_t name);
/* Set by a mapping, does it fail the request? `is_aws`: AWS and AWS_PROXY. */
bool fg_header_is_reserved(fg_str_t name, bool is_aws);
/* Set by a mapping, does it go nowhere? */
bool fg_header_is_unheard(fg_str_t name);
/* On the way out: does it go as FG_HEADER_REMAPPED and its name? */
bool fg_header_is_remapped(fg_str_t name, fg_header_path_t path);
/* On the way out: is it left out? */
bool fg_header_is_left_out(fg_str_t name, fg_header_path_t path);

#endif
