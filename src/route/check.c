/*
 * What a worker trusts is checked here, once, when a snapshot is opened: that every table lies
 * inside the file, every text inside the strings, every span inside its table, every enumeration in
 * its range, and that the tree is a tree. Afterwards nothing that the file says can lead a read
 * outside of it or a search into a circle.
 */
#include "route/layout.h"

uint64_t fg_route_checksum(const void *image, size_t bytes)
{
    const size_t own = offsetof(fg_route_header_t, checksum);
    const char *at = image;
    uint64_t hash = bytes;
    for (size_t offset = 0; offset + 8 <= bytes; offset += 8) {
        uint64_t word;
        memcpy(&word, at + offset, 8);
        if (offset == own)
            word = 0;
        hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
        hash ^= hash >> 29;
    }
    return hash;
}

typedef struct check {
    fg_route_t *route;
    const fg_route_header_t *header;
    uint64_t request_count; /* met so far: shared ones would make this quadratic */
    const char *fault;
} check_t;

static void fail(check_t *check, const char *fault)
{
    if (check->fault == NULL)
        check->fault = fault;
}

static void expect(check_t *check, bool holds, const char *fault)
{
    if (!holds)
        fail(check, fault);
}

static void check_text(check_t *check, fg_route_text_t text)
{
    uint64_t end = (uint64_t)text.offset + text.bytes;
    expect(check, end <= check->header->strings.count, "a text outside the strings");
}

static void check_span(check_t *check, fg_route_span_t span, const fg_route_table_t *table)
{
    uint64_t end = (uint64_t)span.first + span.count;
    expect(check, end <= table->count, "a span outside its table");
}

static bool is_status(uint32_t status)
{
    return status >= 100 && status <= 599;
}

/* ---- header ---- */

static const char *table_place(check_t *check, fg_route_table_t table, size_t entry_bytes)
{
    uint64_t end = table.offset + (uint64_t)table.count * entry_bytes;
    if (table.offset % 8 != 0 || table.offset < sizeof(fg_route_header_t) ||
        end > check->route->bytes) {
        fail(check, "a table outside the file");
        return NULL;
    }
    return check->route->at + table.offset;
}

static void check_tables(check_t *check)
{
#define PLACE(name, entry)                                                                         \
    check->route->name =                                                                           \
        (const entry *)(const void *)table_place(check, check->header->name, sizeof(entry));
    FG_ROUTE_TABLE_LIST(PLACE)
#undef PLACE
}

static void check_header(check_t *check)
{
    const fg_route_header_t *header = check->header;
    expect(check, header->key_source <= FG_KEY_SOURCE_AUTHORIZER, "an unknown key source");
    expect(check, header->is_execute_api_disabled <= 1, "a flag that is no flag");
    expect(check, is_status(header->quota_exceeded_status), "a status that is none");
    expect(check, header->depth_max <= FG_PATH_DEPTH_MAX, "a tree too deep");
    check_text(check, header->api_id);
    check_text(check, header->stage_name);
    check_text(check, header->deployment_id);
    check_text(check, header->region);
    check_text(check, header->account_id);
    check_span(check, header->variables, &header->pairs);
    for (int type = 0; type < FG_GATEWAY_RESPONSE_COUNT; type++) {
        uint32_t response = header->response_of[type];
        expect(check, response == FG_ROUTE_NONE || response < header->responses.count,
               "a gateway response that is not there");
    }
}

/* ---- tree ---- */

static bool is_child(const check_t *check, uint32_t child, uint32_t parent,
                     fg_route_node_kind_t kind)
{
    return child == FG_ROUTE_NONE ||
           (child < check->header->nodes.count && check->route->nodes[child].parent == parent &&
            check->route->nodes[child].kind == kind);
}

/* A parent stands in front of its children, so its own depth and variables are known. */
static void check_ancestry(check_t *check, uint32_t index)
{
    const fg_route_node_t *node = &check->route->nodes[index];
    if (index == 0) {
        expect(check,
               node->parent == FG_ROUTE_NONE && node->depth == 0 && node->variable_count == 0,
               "a root that is none");
        return;
    }
    if (node->parent >= index) {
        fail(check, "a node in front of its parent");
        return;
    }
    const fg_route_node_t *above = &check->route->nodes[node->parent];
    expect(check, node->depth == above->depth + 1 && node->depth <= check->header->depth_max,
           "a node of wrong depth");
    expect(check,
           node->variable_count == above->variable_count + (node->kind != FG_ROUTE_STATIC) &&
               node->variable_count <= FG_PATH_PARAMS_MAX,
           "a node with a wrong number of variables");
}

static void check_node(check_t *check, uint32_t index)
{
    const fg_route_node_t *node = &check->route->nodes[index];
    expect(check, node->kind <= FG_ROUTE_GREEDY, "a node of unknown kind");
    check_text(check, node->name);
    check_ancestry(check, index);
    expect(check,
           is_child(check, node->variable_child, index, FG_ROUTE_VARIABLE) &&
               is_child(check, node->greedy_child, index, FG_ROUTE_GREEDY),
           "a child of another parent");
    for (size_t verb = 0; verb < FG_ROUTE_VERBS; verb++) {
        uint32_t method = node->methods[verb];
        expect(check, method == FG_ROUTE_NONE || method < check->header->methods.count,
               "a node with a method that is not there");
    }
}

static void check_slots(check_t *check)
{
    uint32_t slot_count = check->header->slots.count;
    uint32_t node_count = check->header->nodes.count;
    uint32_t used = 0;
    expect(check, slot_count >= 8 && (slot_count & (slot_count - 1)) == 0,
           "slots that are no power of two");
    for (uint32_t i = 0; check->fault == NULL && i < slot_count; i++) {
        uint32_t node = check->route->slots[i].node;
        if (node == FG_ROUTE_NONE)
            continue;
        used++;
        expect(check,
               node > 0 && node < node_count && check->route->nodes[node].kind == FG_ROUTE_STATIC,
               "a slot with a node that is not there");
    }
    expect(check, used < node_count && node_count <= slot_count / 2, "too few empty slots");
}

/* ---- methods and what they refer to ---- */

static void check_integration(check_t *check, const fg_route_method_record_t *method)
{
    const fg_route_header_t *header = check->header;
    check_span(check, method->path_parameters, &header->pairs);
    check_span(check, method->query_parameters, &header->pairs);
    check_span(check, method->header_parameters, &header->pairs);
    check_span(check, method->addresses, &header->addresses);
    check_span(check, method->requests, &header->requests);
    check_span(check, method->answers, &header->answers);
    check->request_count += method->requests.count;
    expect(check, check->request_count <= header->requests.count,
           "methods that share request templates");
    if (check->fault != NULL)
        return;
    for (uint32_t i = 0; i < method->requests.count; i++) {
        uint32_t answer = check->route->requests[method->requests.first + i].answer;
        expect(check, answer == FG_ROUTE_NONE || answer < method->answers.count,
               "a request template that selects no answer of its method");
    }
}

static void check_method(check_t *check, const fg_route_method_record_t *method)
{
    expect(check,
           method->verb < FG_ROUTE_VERBS && method->kind <= FG_INTEGRATION_UNSUPPORTED &&
               method->passthrough <= FG_PASSTHROUGH_NEVER,
           "a method of unknown kind");
    expect(check,
           (method->is_throttled | method->is_key_required | method->is_denied | method->is_tls |
            method->is_tls_unverified) <= 1,
           "a flag that is no flag");
    check_text(check, method->resource_id);
    check_text(check, method->resource_path);
    check_text(check, method->http_method);
    check_text(check, method->host);
    check_text(check, method->path);
    check_integration(check, method);
}

static void check_address(check_t *check, const fg_route_address_record_t *address)
{
    int family = address->addr.ss_family;
    bool is_known = (family == AF_INET && address->bytes == sizeof(struct sockaddr_in)) ||
                    (family == AF_INET6 && address->bytes == sizeof(struct sockaddr_in6));
    expect(check, is_known, "an address of unknown family");
}

static void check_mock(check_t *check)
{
    const fg_route_header_t *header = check->header;
    for (uint32_t i = 0; i < header->requests.count; i++)
        check_text(check, check->route->requests[i].media_type);
    for (uint32_t i = 0; i < header->answers.count; i++) {
        const fg_route_answer_record_t *answer = &check->route->answers[i];
        check_span(check, answer->headers, &header->pairs);
        check_span(check, answer->templates, &header->templates);
        expect(check, is_status(answer->status), "a status that is none");
    }
}

static void check_responses(check_t *check)
{
    const fg_route_header_t *header = check->header;
    for (uint32_t i = 0; i < header->responses.count; i++) {
        const fg_route_response_t *response = &check->route->responses[i];
        check_span(check, response->headers, &header->pairs);
        check_span(check, response->templates, &header->templates);
        expect(check, response->type < FG_GATEWAY_RESPONSE_COUNT,
               "a gateway response of unknown type");
        expect(check, response->status == 0 || is_status(response->status),
               "a status that is none");
    }
}

static void check_texts(check_t *check)
{
    const fg_route_header_t *header = check->header;
    for (uint32_t i = 0; i < header->pairs.count; i++) {
        check_text(check, check->route->pairs[i].name);
        check_text(check, check->route->pairs[i].value);
    }
    for (uint32_t i = 0; i < header->templates.count; i++) {
        check_text(check, check->route->templates[i].media_type);
        check_text(check, check->route->templates[i].body);
        expect(check, check->route->templates[i].is_static <= 1, "a flag that is no flag");
    }
}

static void check_entries(check_t *check)
{
    const fg_route_header_t *header = check->header;
    for (uint32_t i = 0; i < header->nodes.count; i++)
        check_node(check, i);
    check_slots(check);
    for (uint32_t i = 0; i < header->methods.count; i++)
        check_method(check, &check->route->methods[i]);
    for (uint32_t i = 0; i < header->addresses.count; i++)
        check_address(check, &check->route->addresses[i]);
    check_mock(check);
    check_responses(check);
    check_texts(check);
}

static const char *file_fault(const fg_route_t *route)
{
    if (route->bytes < sizeof(fg_route_header_t) || route->bytes % 8 != 0 ||
        route->bytes > FG_ROUTE_BYTES_MAX)
        return "a file of impossible size";
    const fg_route_header_t *header = fg_route_header_of(route);
    if (memcmp(header->magic, FG_ROUTE_MAGIC, sizeof(header->magic)) != 0)
        return "no route snapshot";
    if (header->version != FG_ROUTE_VERSION || header->bytes != route->bytes)
        return "another version or size";
    if (header->checksum != fg_route_checksum(route->at, route->bytes))
        return "a wrong checksum";
    return NULL;
}

bool fg_route_check(fg_route_t *route, const char **ret_fault)
{
    check_t check = {.route = route, .fault = file_fault(route)};
    if (check.fault == NULL) {
        check.header = fg_route_header_of(route);
        check_tables(&check);
    }
    if (check.fault == NULL)
        check_header(&check);
    if (check.fault == NULL)
        check_entries(&check);
    if (check.fault != NULL)
        *ret_fault = check.fault;
    return check.fault == NULL;
}
