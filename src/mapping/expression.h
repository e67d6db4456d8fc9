/*
 * expression - where mapped values come from: `'static'`, method.request.*, context.*, stageVariables.*.
 *
 * Shape      Pure functions. What a request holds is asked for through one callback, by the reference's full name
 *            without a dollar: "method.request.header.X", "method.request.path.id", "method.request.querystring.q",
 *            "method.request.multivalueheader.X", "context.requestId", "stageVariables.name".
 * Ownership  The callback's views live as long as its ctx says; nothing is copied or allocated here.
 * Rule       reference 6.9: single-valued forms take the last value (fg_uri_query_last); path and query values are raw;
 *            header names match case-sensitively there, the callback decides.
 */
#ifndef FG_MAPPING_EXPRESSION_H
#define FG_MAPPING_EXPRESSION_H

#include "base/str.h"

typedef struct fg_mapping_source {
    /* FG_STR_NONE when the request has no such thing */
    fg_str_t (*lookup)(void *ctx, fg_str_t name);
    void *ctx;
} fg_mapping_source_t;

/* The value of a mapping's source expression; a static one without its quotes. FG_STR_NONE when it is absent or the
 * expression is of no kind that is served (method.request.body and the like). An absent or empty value is not sent. */
fg_str_t fg_mapping_evaluate(fg_str_t expression, const fg_mapping_source_t *source);
/* Is the value in the client's own percent-encoding (path and query values), or the operator's (static)? Others are
 * plain text, which a URI needs encoded. */
bool fg_mapping_is_encoded(fg_str_t expression);
/* Is it a reference that the callback is asked for? */
bool fg_mapping_is_reference(fg_str_t name);

#endif
