/*
 * layout - the bytes of a route snapshot; for the files of this folder and their tests alone.
 *
 *     0   header      magic, version, size, checksum, the stage's own fields, one range per table
 *         tables      nodes, slots, methods, pairs, templates, requests, answers, responses, addresses; in any order,
 *                     each 8-aligned
 *         strings     bytes that every text points into; no terminators
 *
 * Numbers are those of the machine: a snapshot never leaves it. Positions are counted from the start of the file, table
 * entries by index. A `span` names entries of a table, a `text` bytes of the strings.
 *
 * The tree: node 0 is the root; a node stands behind its parent, so that a walk upward always ends. Static children
 * are found in `slots`, one open-addressing table for the whole tree keyed by (parent, segment); at least half of it
 * is empty, so that a search always ends. The variable and the greedy child are named by the node.
 *
 * The checksum covers every byte but itself. It is no protection against malice; the check of every position is.
 */
#ifndef FG_ROUTE_LAYOUT_H
#define FG_ROUTE_LAYOUT_H

#include "base/arena.h"
#include "route/media.h"
#include "route/pattern.h"
#include "route/route.h"
#include "route/static_template.h"

#include <netinet/in.h>

#define FG_ROUTE_MAGIC "FGROUTE"
#define FG_ROUTE_NONE  UINT32_MAX

enum {
    FG_ROUTE_VERSION = 1,
    FG_ROUTE_VERBS = FG_VERB_OTHER, /* ANY and the seven that it covers */
    /* positions are 32 bits wide; this is far from the edge */
    FG_ROUTE_BYTES_MAX = 1024 * 1024 * 1024,
};

typedef struct fg_route_text {
    uint32_t offset, bytes;
} fg_route_text_t;

typedef struct fg_route_span {
    uint32_t first, count;
} fg_route_span_t;

typedef enum fg_route_node_kind {
    FG_ROUTE_STATIC,
    FG_ROUTE_VARIABLE,
    FG_ROUTE_GREEDY
} fg_route_node_kind_t;

typedef struct fg_route_node {
    uint32_t parent;      /* FG_ROUTE_NONE for the root */
    fg_route_text_t name; /* a variable's without braces and plus */
    uint8_t kind;
    uint8_t depth;          /* segments from the root */
    uint8_t variable_count; /* on the way from the root, itself included */
    uint8_t unused;
    uint32_t variable_child, greedy_child; /* or FG_ROUTE_NONE */
    uint32_t methods[FG_ROUTE_VERBS];      /* by verb, or FG_ROUTE_NONE */
    uint32_t unused_words[2];
} fg_route_node_t;

typedef struct fg_route_slot {
    uint32_t hash;
    uint32_t node; /* FG_ROUTE_NONE: empty */
} fg_route_slot_t;

typedef struct fg_route_method_record {
    uint64_t method_id;
    uint64_t rate_milli_rps;
    uint32_t burst;
    uint32_t timeout_ms;
    fg_route_text_t resource_id, resource_path, http_method, host, path;
    fg_route_span_t path_parameters, query_parameters, header_parameters; /* pairs */
    fg_route_span_t addresses;
    fg_route_span_t requests, answers; /* MOCK */
    uint16_t port;
    uint8_t verb, kind, passthrough;
    uint8_t is_throttled, is_key_required, is_denied, is_tls, is_tls_unverified;
    uint8_t unused[6];
} fg_route_method_record_t;

typedef struct fg_route_pair_record {
    fg_route_text_t name, value;
} fg_route_pair_record_t;

typedef struct fg_route_template {
    fg_route_text_t media_type, body;
    uint32_t is_static; /* no directive or reference of the template language in it */
    uint32_t unused;
} fg_route_template_t;

/* A request template of a MOCK, evaluated: the answer that its statusCode selects. */
typedef struct fg_route_request {
    fg_route_text_t media_type;
    /* within the method's answers; FG_ROUTE_NONE: no statusCode, or none selected */
    uint32_t answer;
    uint32_t unused;
} fg_route_request_t;

typedef struct fg_route_answer_record {
    fg_route_span_t headers; /* pairs */
    fg_route_span_t templates;
    uint32_t status;
    uint32_t unused;
} fg_route_answer_record_t;

typedef struct fg_route_response {
    fg_route_span_t headers; /* pairs */
    fg_route_span_t templates;
    uint32_t type;
    uint32_t status; /* 0: that of the type it stands for */
} fg_route_response_t;

typedef struct fg_route_address_record {
    struct sockaddr_storage addr;
    uint32_t bytes, unused;
} fg_route_address_record_t;

/*    table       entry */
#define FG_ROUTE_TABLE_LIST(X)                                                                     \
    X(nodes, fg_route_node_t)                                                                      \
    X(slots, fg_route_slot_t)                                                                      \
    X(methods, fg_route_method_record_t)                                                           \
    X(pairs, fg_route_pair_record_t)                                                               \
    X(templates, fg_route_template_t)                                                              \
    X(requests, fg_route_request_t)                                                                \
    X(answers, fg_route_answer_record_t)                                                           \
    X(responses, fg_route_response_t)                                                              \
    X(addresses, fg_route_address_record_t)                                                        \
    X(strings, char)

typedef struct fg_route_table {
    uint32_t offset; /* in bytes from the start of the file */
    uint32_t count;
} fg_route_table_t;

typedef struct fg_route_header {
    char magic[8];
    uint32_t version, bytes; /* of the whole file */
    uint64_t checksum;
    uint64_t revision;
    uint32_t stage_index;
    uint16_t quota_exceeded_status;
    uint8_t key_source, is_execute_api_disabled;
    uint32_t depth_max; /* of any node */
    uint32_t unused;
    fg_route_text_t api_id, stage_name, deployment_id, region, account_id;
    fg_route_span_t variables; /* pairs */
    /* the response in force, or FG_ROUTE_NONE: built in */
    uint32_t response_of[FG_GATEWAY_RESPONSE_COUNT];
    uint32_t unused_word;
#define FG_ROUTE_TABLE_MEMBER(name, entry) fg_route_table_t name;
    FG_ROUTE_TABLE_LIST(FG_ROUTE_TABLE_MEMBER)
#undef FG_ROUTE_TABLE_MEMBER
} fg_route_header_t;

_Static_assert(sizeof(fg_route_node_t) == 64, "a node is one cache line");
_Static_assert(sizeof(fg_route_method_record_t) == 128, "two cache lines");
_Static_assert(sizeof(fg_route_address_record_t) % 8 == 0, "addresses stay aligned");
_Static_assert(sizeof(fg_route_header_t) % 8 == 0, "tables stay aligned");
_Static_assert(FG_GATEWAY_RESPONSE_COUNT % 2 == 1, "unused_word fills the header to 8");

struct fg_route {
    const char *at;
    size_t bytes;
    uint32_t user_count;
    bool is_mapped;
#define FG_ROUTE_TABLE_POINTER(name, entry) const entry *name;
    FG_ROUTE_TABLE_LIST(FG_ROUTE_TABLE_POINTER)
#undef FG_ROUTE_TABLE_POINTER
};

static inline const fg_route_header_t *fg_route_header_of(const fg_route_t *route)
{
    return (const fg_route_header_t *)(const void *)route->at;
}

static inline fg_str_t fg_route_text_of(const fg_route_t *route, fg_route_text_t text)
{
    return fg_str_of(route->strings + text.offset, text.bytes);
}

static inline fg_route_pair_t fg_route_pair_of(const fg_route_t *route, fg_route_span_t span,
                                               size_t index)
{
    FG_ASSERT(index < span.count);
    const fg_route_pair_record_t *pair = &route->pairs[span.first + index];
    return (fg_route_pair_t){fg_route_text_of(route, pair->name),
                             fg_route_text_of(route, pair->value)};
}

/* Hash of one path segment, eight bytes at a time. Speed alone matters: what stands in the table is the operator's. */
static inline uint64_t fg_route_segment_hash(fg_str_t segment)
{
    uint64_t hash = segment.len * 0x9e3779b97f4a7c15u;
    size_t at = 0;
    for (; segment.len - at >= 8; at += 8) {
        uint64_t word;
        memcpy(&word, segment.at + at, 8);
        hash = (hash ^ word) * 0xff51afd7ed558ccdu;
        hash ^= hash >> 32;
    }
    uint64_t tail = 0;
    if (segment.len > at)
        memcpy(&tail, segment.at + at, segment.len - at);
    hash = (hash ^ tail) * 0xff51afd7ed558ccdu;
    return hash ^ hash >> 32;
}

static inline uint32_t fg_route_slot_hash(uint32_t parent, uint64_t segment_hash)
{
    uint64_t hash = (segment_hash + parent) * 0xc4ceb9fe1a85ec53u;
    return (uint32_t)(hash >> 32);
}

/* Over every byte but the checksum's own; `bytes` is at least the header's size. */
uint64_t fg_route_checksum(const void *image, size_t bytes);

/* build.c: the whole image in the arena. */
FG_MUST_USE fg_status_t fg_route_image_make(const fg_route_source_t *source, fg_arena_t *arena,
                                            fg_str_t *ret_image, fg_error_t *reterr);

/* check.c: every position, count and enumeration of an image (8-aligned). False with what is wrong. Allocates
 * nothing. On success the table pointers of `route` are set. */
FG_MUST_USE bool fg_route_check(fg_route_t *route, const char **ret_fault);
/* open.c: the same as fg_route_open over bytes that the caller keeps; for tests and fuzzers. */
FG_MUST_USE fg_status_t fg_route_open_image(const void *image, size_t bytes, fg_route_t **ret_route,
                                            fg_error_t *reterr);

/* media.c */
/* The template for an Accept header: the first of its types that is there, else application/json, else the first;
 * FG_ROUTE_NONE for an empty span. */
uint32_t fg_media_template(const fg_route_t *route, fg_route_span_t templates, fg_str_t accept);

/* tree.c: the resource tree while it is built. */
typedef struct fg_route_tree {
    fg_arena_t *arena;
    fg_route_node_t *nodes;
    fg_str_t *names; /* of each node; nodes[].name is set by the one who writes the strings */
    size_t node_count, node_room;
    fg_route_slot_t *slots;
    size_t slot_count;
    uint32_t depth_max;
} fg_route_tree_t;

/* Everything in `arena`. `methods` give the bound on the nodes. */
FG_MUST_USE fg_status_t fg_route_tree_make(const fg_route_source_t *source, fg_arena_t *arena,
                                           fg_route_tree_t *ret_tree, fg_error_t *reterr);

#endif
