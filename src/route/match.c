/*
 * Matching walks down the tree and comes back up when a branch has no method for the verb
 * (reference 6.3).
 *
 * The walk is a loop over a stack of at most FG_PATH_DEPTH_MAX nodes. A node stands for one prefix
 * of the path, so each is met at most once: the work is bounded by the number of resources,
 * whatever the client sends, and for trees without a static and a variable sibling on every level
 * by the depth alone.
 *
 * Only as many segments are cut as the tree is deep. What is behind them can only be the tail of a
 * greedy variable.
 *
 * Example: /a, /a/{x} GET and /{proxy+} ANY; POST /a/b. Root -> a -> {x} has GET only, back; a has
 * no greedy child, back; the root's {proxy+} has ANY: found, proxy = "a/b".
 */
#include "route/layout.h"

typedef struct path {
    fg_str_t text; /* no slash in front, no trailing one */
    size_t count;  /* segments; depth_max + 1 stands for more than the tree is deep */
    size_t starts[FG_PATH_DEPTH_MAX + 1];
    size_t ends[FG_PATH_DEPTH_MAX + 1];
} path_t;

typedef enum turn { TURN_STATIC, TURN_VARIABLE, TURN_GREEDY, TURN_BACK } turn_t;

typedef struct step {
    uint32_t node;
    turn_t next;
} step_t;

/* A doubled slash in front is one; a trailing one is none. */
static fg_str_t path_trim(fg_str_t text)
{
    while (text.len > 0 && text.at[0] == '/')
        text = fg_str_of(text.at + 1, text.len - 1);
    if (text.len > 0 && text.at[text.len - 1] == '/')
        text.len--;
    return text;
}

static void path_cut(path_t *path, fg_str_t text, size_t depth_max)
{
    path->text = path_trim(text);
    path->count = 0;
    size_t at = 0;
    while (path->text.len > 0 && path->count <= depth_max) {
        const char *slash = memchr(path->text.at + at, '/', path->text.len - at);
        size_t end = slash ? (size_t)(slash - path->text.at) : path->text.len;
        path->starts[path->count] = at;
        path->ends[path->count++] = end;
        if (slash == NULL)
            return;
        at = end + 1;
    }
}

static fg_str_t segment_of(const path_t *path, size_t index)
{
    return fg_str_of(path->text.at + path->starts[index], path->ends[index] - path->starts[index]);
}

static fg_str_t tail_of(const path_t *path, size_t index)
{
    return fg_str_of(path->text.at + path->starts[index], path->text.len - path->starts[index]);
}

static uint32_t static_child(const fg_route_t *route, uint32_t parent, fg_str_t segment)
{
    uint32_t hash = fg_route_slot_hash(parent, fg_route_segment_hash(segment));
    uint32_t mask = fg_route_header_of(route)->slots.count - 1;
    for (uint32_t at = hash & mask; route->slots[at].node != FG_ROUTE_NONE; at = (at + 1) & mask) {
        if (route->slots[at].hash != hash)
            continue;
        const fg_route_node_t *node = &route->nodes[route->slots[at].node];
        if (node->parent == parent && fg_str_eq(fg_route_text_of(route, node->name), segment))
            return route->slots[at].node;
    }
    return FG_ROUTE_NONE;
}

/* A verb beats ANY. */
static uint32_t method_at(const fg_route_t *route, uint32_t node, fg_verb_t verb)
{
    uint32_t method = route->nodes[node].methods[verb];
    return method != FG_ROUTE_NONE ? method : route->nodes[node].methods[FG_VERB_ANY];
}

/* `{x+}` needs a segment: slashes alone are none. */
static bool has_segment(fg_str_t tail)
{
    for (size_t at = 0; at < tail.len; at++) {
        if (tail.at[at] != '/')
            return true;
    }
    return false;
}

/* The child to look at next from `step`, which stands at `depth`; FG_ROUTE_NONE when this turn
 * leads nowhere. */
static uint32_t child_of(const fg_route_t *route, const path_t *path, const step_t *step,
                         size_t depth)
{
    const fg_route_node_t *node = &route->nodes[step->node];
    switch (step->next) {
    case TURN_STATIC:
        return static_child(route, step->node, segment_of(path, depth));
    case TURN_VARIABLE:
        return segment_of(path, depth).len > 0 ? node->variable_child : FG_ROUTE_NONE;
    case TURN_GREEDY:
        return node->greedy_child != FG_ROUTE_NONE && has_segment(tail_of(path, depth))
                   ? node->greedy_child
                   : FG_ROUTE_NONE;
    case TURN_BACK:
        break;
    }
    return FG_ROUTE_NONE;
}

/* The node that has a method for the verb, or FG_ROUTE_NONE. */
static uint32_t walk(const fg_route_t *route, const path_t *path, fg_verb_t verb)
{
    step_t stack[FG_PATH_DEPTH_MAX + 1];
    size_t depth = 0;
    stack[0] = (step_t){0, TURN_STATIC};
    if (path->count == 0)
        return method_at(route, 0, verb) != FG_ROUTE_NONE ? 0 : FG_ROUTE_NONE;
    for (;;) {
        step_t *step = &stack[depth];
        if (step->next == TURN_BACK) {
            if (depth-- == 0)
                return FG_ROUTE_NONE;
            continue;
        }
        uint32_t child = child_of(route, path, step, depth);
        bool is_last = step->next == TURN_GREEDY || depth + 1 == path->count;
        step->next++;
        if (child == FG_ROUTE_NONE)
            continue;
        if (!is_last && depth < FG_PATH_DEPTH_MAX)
            stack[++depth] = (step_t){child, TURN_STATIC};
        else if (is_last && method_at(route, child, verb) != FG_ROUTE_NONE)
            return child;
    }
}

/* Names and values, the first variable of the path first, by going up from the node. */
static void params_fill(const fg_route_t *route, const path_t *path, uint32_t node,
                        fg_route_match_t *match)
{
    match->param_count = route->nodes[node].variable_count;
    for (size_t left = match->param_count; left > 0; node = route->nodes[node].parent) {
        const fg_route_node_t *at = &route->nodes[node];
        if (at->kind == FG_ROUTE_STATIC)
            continue;
        match->params[--left] = (fg_route_param_t){
            .name = fg_route_text_of(route, at->name),
            .value = at->kind == FG_ROUTE_GREEDY ? tail_of(path, at->depth - 1u)
                                                 : segment_of(path, at->depth - 1u),
        };
    }
}

bool fg_route_find(const fg_route_t *route, fg_str_t path_text, fg_verb_t verb,
                   fg_route_match_t *ret_match)
{
    path_t path;
    if (verb == FG_VERB_ANY || verb >= FG_VERB_OTHER || path_text.len > FG_PATH_BYTES_MAX)
        return false;
    path_cut(&path, path_text, fg_route_header_of(route)->depth_max);
    uint32_t node = walk(route, &path, verb);
    if (node == FG_ROUTE_NONE)
        return false;
    ret_match->method_index = method_at(route, node, verb);
    params_fill(route, &path, node, ret_match);
    return true;
}
