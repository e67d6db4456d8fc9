#include "control/dispatch.h"

#include "base/uri.h"
#include "control/handlers.h"

#define READ  false, false
#define WRITE true, false
#define WAIT  false, true
const fg_operation_t fg_operations[] = {
#define FG_OP(name, verb, path, query, ok, txn, body, handler)                                     \
    {#name, #verb, path, query, ok, txn, FG_BODY_##body, handler},
#include "control/extensions.def"
#include "control/operations.def"
#undef FG_OP
};
#undef READ
#undef WRITE
#undef WAIT
const size_t fg_operation_count = FG_COUNT_OF(fg_operations);

/* Does the raw path fit the row's? Its labels, still encoded, go to ret_part. */
static bool path_fits(const char *pattern, fg_str_t path, fg_str_t ret_part[FG_PATH_PARTS_MAX])
{
    fg_str_t want = fg_str(pattern), have = path;
    size_t count = 0;
    while (want.at && have.at) {
        fg_str_t want_part = fg_str_cut(&want, '/'), have_part = fg_str_cut(&have, '/');
        if (!fg_str_is(want_part, "{}")) {
            if (!fg_str_eq(want_part, have_part))
                return false;
            continue;
        }
        FG_ASSERT(count < FG_PATH_PARTS_MAX);
        if (fg_str_is_empty(have_part))
            return false;
        ret_part[count++] = have_part;
    }
    return !want.at && !have.at;
}

static bool query_has(fg_str_t query, const char *wanted)
{
    for (fg_str_t rest = query; rest.at;) {
        if (fg_str_is(fg_str_cut(&rest, '&'), wanted))
            return true;
    }
    return false;
}

/* A row with a discriminator beats one without. */
static const fg_operation_t *find(fg_str_t verb, fg_str_t path, fg_str_t query,
                                  fg_str_t ret_part[FG_PATH_PARTS_MAX])
{
    const fg_operation_t *found = NULL;
    fg_str_t part[FG_PATH_PARTS_MAX] = {{0}};
    for (size_t i = 0; i < fg_operation_count; i++) {
        const fg_operation_t *row = &fg_operations[i];
        if (!fg_str_is(verb, row->verb) || !path_fits(row->path, path, part))
            continue;
        if (row->query ? !query_has(query, row->query) : found != NULL)
            continue;
        found = row;
        memcpy(ret_part, part, sizeof(part));
    }
    return found;
}

static fg_status_t decode(fg_str_t raw, fg_arena_t *arena, fg_str_t *ret_text, fg_error_t *reterr)
{
    size_t bytes;
    char *text = fg_arena_alloc(arena, raw.len + 1);
    if (!text)
        return fg_error_set(reterr, FG_NO_MEMORY, "", "%s", fg_status_text(FG_NO_MEMORY));
    if (!fg_uri_decode(raw, text, raw.len, &bytes) || !fg_str_is_utf8(fg_str_of(text, bytes)))
        return fg_error_set(reterr, FG_SERIALIZATION, "path",
                            "The request line is not well-formed");
    *ret_text = fg_str_of(text, bytes);
    return FG_OK;
}

static fg_status_t query_decode(fg_str_t query, fg_arena_t *arena, fg_match_t *match,
                                fg_error_t *reterr)
{
    size_t count = 0;
    for (fg_str_t rest = query, name, value; fg_uri_query_next(&rest, &name, &value);)
        count++;
    if (count > FG_QUERY_PARAMETERS_MAX)
        return fg_error_set(reterr, FG_TOO_LARGE, "query",
                            "At most %d query parameters are allowed", FG_QUERY_PARAMETERS_MAX);
    fg_pair_t *pairs = fg_arena_alloc(arena, (count + 1) * sizeof(*pairs));
    if (!pairs)
        return fg_error_set(reterr, FG_NO_MEMORY, "", "%s", fg_status_text(FG_NO_MEMORY));
    fg_pair_t *pair = pairs;
    for (fg_str_t rest = query, name, value; fg_uri_query_next(&rest, &name, &value); pair++) {
        fg_status_t status = decode(name, arena, &pair->name, reterr);
        if (status == FG_OK)
            status = decode(value.at ? value : FG_STR(""), arena, &pair->value, reterr);
        if (status != FG_OK)
            return status;
    }
    match->query = pairs;
    match->query_count = count;
    return FG_OK;
}

fg_status_t fg_dispatch(fg_str_t verb, fg_str_t target, fg_arena_t *arena, fg_match_t *ret_match,
                        fg_error_t *reterr)
{
    fg_str_t query = target, part[FG_PATH_PARTS_MAX] = {{0}};
    fg_str_t path = fg_str_cut(&query, '?');
    ret_match->operation = find(verb, path, query, part);
    if (!ret_match->operation)
        return fg_error_set(reterr, FG_UNKNOWN_OPERATION, "", "Unknown operation: %.*s %.*s",
                            FG_STR_ARG(verb), FG_STR_ARG(path));
    for (size_t i = 0; i < FG_PATH_PARTS_MAX && part[i].at; i++) {
        fg_status_t status = decode(part[i], arena, &ret_match->path_part[i], reterr);
        if (status != FG_OK)
            return status;
    }
    return query_decode(query, arena, ret_match, reterr);
}

bool fg_control_may_wait(fg_str_t verb, fg_str_t target)
{
    fg_str_t query = target, part[FG_PATH_PARTS_MAX] = {{0}};
    fg_str_t path = fg_str_cut(&query, '?');
    const fg_operation_t *operation = find(verb, path, query, part);
    return operation && operation->may_wait;
}
