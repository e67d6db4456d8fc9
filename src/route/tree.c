/*
 * The resource tree while it is built: each method's path is walked from the root, and what is
 * missing is made. Static children are found through one table that is bigger than the number of
 * nodes can ever be.
 */
#include "route/layout.h"

typedef struct place {
    const fg_route_method_t *method;
    fg_error_t *reterr;
} place_t;

static fg_status_t bad(const place_t *place, const char *why)
{
    return fg_error_set(place->reterr, FG_BAD_REQUEST, "resourcePath", "%s %.*s: %s",
                        fg_verb_text(place->method->verb), FG_STR_ARG(place->method->resource_path),
                        why);
}

static size_t power_of_two_from(size_t least)
{
    size_t size = 8;
    while (size < least)
        size *= 2;
    return size;
}

static fg_route_slot_t *slots_new(fg_arena_t *arena, size_t count)
{
    fg_route_slot_t *slots = fg_arena_alloc(arena, count * sizeof(*slots));
    for (size_t i = 0; slots != NULL && i < count; i++)
        slots[i].node = FG_ROUTE_NONE;
    return slots;
}

static void slot_put(fg_route_slot_t *slots, size_t slot_count, uint32_t hash, uint32_t node)
{
    size_t at = hash & (slot_count - 1);
    while (slots[at].node != FG_ROUTE_NONE)
        at = (at + 1) & (slot_count - 1);
    slots[at] = (fg_route_slot_t){hash, node};
}

static uint32_t static_child(const fg_route_tree_t *tree, uint32_t parent, fg_str_t name)
{
    uint32_t hash = fg_route_slot_hash(parent, fg_route_segment_hash(name));
    size_t mask = tree->slot_count - 1;
    for (size_t at = hash & mask; tree->slots[at].node != FG_ROUTE_NONE; at = (at + 1) & mask) {
        uint32_t node = tree->slots[at].node;
        if (tree->nodes[node].parent == parent && fg_str_eq(tree->names[node], name))
            return node;
    }
    return FG_ROUTE_NONE;
}

static void node_init(fg_route_node_t *node)
{
    memset(node, 0, sizeof(*node));
    node->parent = node->variable_child = node->greedy_child = FG_ROUTE_NONE;
    for (size_t verb = 0; verb < FG_ROUTE_VERBS; verb++)
        node->methods[verb] = FG_ROUTE_NONE;
}

static uint32_t node_add(fg_route_tree_t *tree, uint32_t parent, fg_route_node_kind_t kind,
                         fg_str_t name)
{
    FG_ASSERT(tree->node_count < tree->node_room);
    uint32_t index = (uint32_t)tree->node_count++;
    fg_route_node_t *node = &tree->nodes[index];
    fg_route_node_t *above = &tree->nodes[parent];
    node_init(node);
    node->parent = parent;
    node->kind = (uint8_t)kind;
    node->depth = (uint8_t)(above->depth + 1);
    node->variable_count = (uint8_t)(above->variable_count + (kind != FG_ROUTE_STATIC));
    tree->names[index] = name;
    if (node->depth > tree->depth_max)
        tree->depth_max = node->depth;
    if (kind == FG_ROUTE_VARIABLE)
        above->variable_child = index;
    else if (kind == FG_ROUTE_GREEDY)
        above->greedy_child = index;
    else
        slot_put(tree->slots, tree->slot_count,
                 fg_route_slot_hash(parent, fg_route_segment_hash(name)), index);
    return index;
}

/* "{id}" -> variable "id", "{proxy+}" -> greedy "proxy", anything else is static. */
static fg_route_node_kind_t segment_kind(fg_str_t *name)
{
    if (name->len < 3 || name->at[0] != '{' || name->at[name->len - 1] != '}')
        return FG_ROUTE_STATIC;
    *name = fg_str_of(name->at + 1, name->len - 2);
    if (name->len < 2 || name->at[name->len - 1] != '+')
        return FG_ROUTE_VARIABLE;
    name->len--;
    return FG_ROUTE_GREEDY;
}

static fg_status_t descend(fg_route_tree_t *tree, const place_t *place, fg_str_t segment,
                           uint32_t *node)
{
    fg_str_t name = segment;
    const fg_route_node_t *above = &tree->nodes[*node];
    fg_route_node_kind_t kind = segment_kind(&name);
    if (name.len == 0)
        return bad(place, "a path part is empty");
    if (above->kind == FG_ROUTE_GREEDY)
        return bad(place, "nothing can stand behind a greedy path variable");
    if (above->depth >= FG_PATH_DEPTH_MAX)
        return bad(place, "the path is too deep");
    uint32_t child = kind == FG_ROUTE_STATIC     ? static_child(tree, *node, name)
                     : kind == FG_ROUTE_VARIABLE ? above->variable_child
                                                 : above->greedy_child;
    if (child == FG_ROUTE_NONE) {
        if (kind != FG_ROUTE_STATIC && above->variable_count >= FG_PATH_PARAMS_MAX)
            return bad(place, "the path has too many variables");
        if (tree->node_count > FG_RESOURCES_PER_API_MAX)
            return bad(place, "the API has too many resources");
        child = node_add(tree, *node, kind, name);
    } else if (!fg_str_eq(tree->names[child], name)) {
        return bad(place, "a sibling has a path variable of another name");
    }
    *node = child;
    return FG_OK;
}

static fg_status_t method_add(fg_route_tree_t *tree, const place_t *place, uint32_t method_index)
{
    fg_str_t rest = place->method->resource_path;
    uint32_t node = 0;
    if (place->method->verb >= FG_VERB_OTHER)
        return bad(place, "the verb is unknown");
    if (rest.len == 0 || rest.at[0] != '/')
        return bad(place, "a path starts with a slash");
    if (rest.len > FG_PATH_BYTES_MAX)
        return bad(place, "the path is too long");
    rest = fg_str_of(rest.at + 1, rest.len - 1);
    while (rest.at != NULL && (rest.len > 0 || node != 0)) {
        fg_status_t status = descend(tree, place, fg_str_cut(&rest, '/'), &node);
        if (status != FG_OK)
            return status;
    }
    uint32_t *entry = &tree->nodes[node].methods[place->method->verb];
    if (*entry != FG_ROUTE_NONE)
        return bad(place, "the method is there twice");
    *entry = method_index;
    return FG_OK;
}

/* No more nodes than path parts, and no more than resources are allowed. */
static size_t node_bound(const fg_route_source_t *source)
{
    size_t bound = 1;
    for (size_t i = 0; i < source->method_count && bound <= FG_RESOURCES_PER_API_MAX; i++) {
        fg_str_t path = source->methods[i].resource_path;
        for (size_t at = 0; at < path.len; at++)
            bound += path.at[at] == '/';
    }
    return bound <= FG_RESOURCES_PER_API_MAX ? bound : FG_RESOURCES_PER_API_MAX + 1;
}

static bool tree_init(fg_route_tree_t *tree, fg_arena_t *arena, size_t bound)
{
    *tree = (fg_route_tree_t){.arena = arena, .node_room = bound, .node_count = 1};
    tree->slot_count = power_of_two_from(2 * bound);
    tree->nodes = fg_arena_alloc(arena, bound * sizeof(*tree->nodes));
    tree->names = fg_arena_alloc(arena, bound * sizeof(*tree->names));
    tree->slots = slots_new(arena, tree->slot_count);
    if (tree->nodes == NULL || tree->names == NULL || tree->slots == NULL)
        return false;
    node_init(&tree->nodes[0]);
    return true;
}

/* The table for as many nodes as there are in the end. */
static bool slots_shrink(fg_route_tree_t *tree)
{
    size_t count = power_of_two_from(2 * tree->node_count);
    fg_route_slot_t *slots = slots_new(tree->arena, count);
    if (slots == NULL)
        return false;
    for (size_t i = 0; i < tree->slot_count; i++) {
        if (tree->slots[i].node != FG_ROUTE_NONE)
            slot_put(slots, count, tree->slots[i].hash, tree->slots[i].node);
    }
    tree->slots = slots;
    tree->slot_count = count;
    return true;
}

fg_status_t fg_route_tree_make(const fg_route_source_t *source, fg_arena_t *arena,
                               fg_route_tree_t *ret_tree, fg_error_t *reterr)
{
    fg_route_tree_t tree;
    if (!tree_init(&tree, arena, node_bound(source)))
        return fg_error_set(reterr, FG_NO_MEMORY, "", "out of memory");
    for (size_t i = 0; i < source->method_count; i++) {
        place_t place = {&source->methods[i], reterr};
        fg_status_t status = method_add(&tree, &place, (uint32_t)i);
        if (status != FG_OK)
            return status;
    }
    if (!slots_shrink(&tree))
        return fg_error_set(reterr, FG_NO_MEMORY, "", "out of memory");
    *ret_tree = tree;
    return FG_OK;
}
