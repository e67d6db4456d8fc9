#include "route/image.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- methods ---- */

/* Rule 6.10: the first pattern that matches the whole status; else the answer without one. */
static uint32_t answer_selected(const fg_route_integration_t *integration, int status)
{
    uint32_t fallback = FG_ROUTE_NONE;
    char text[16];
    snprintf(text, sizeof(text), "%d", status);
    for (size_t i = 0; i < integration->answer_count; i++) {
        fg_str_t pattern = integration->answers[i].pattern;
        if (fg_pattern_matches(pattern, fg_str(text)))
            return (uint32_t)i;
        if (pattern.len == 0 && fallback == FG_ROUTE_NONE)
            fallback = (uint32_t)i;
    }
    return fallback;
}

/* Rule 6.11: what a request template yields never changes, so the answer is selected here, once. */
static fg_route_span_t requests_add(fg_image_t *image, const fg_route_integration_t *integration)
{
    fg_route_span_t span;
    fg_route_request_t *records =
        fg_image_add(image, &image->requests, integration->request_template_count, &span);
    for (uint32_t i = 0; records != NULL && i < span.count; i++) {
        fg_str_t text = integration->request_templates[i].value;
        int status = fg_template_is_static(text) ? fg_template_status_code(text) : 0;
        records[i].media_type = fg_image_text(image, integration->request_templates[i].name);
        records[i].answer = status ? answer_selected(integration, status) : FG_ROUTE_NONE;
    }
    return span;
}

static fg_route_span_t answers_add(fg_image_t *image, const fg_route_integration_t *integration)
{
    fg_route_span_t span;
    fg_route_answer_record_t *records =
        fg_image_add(image, &image->answers, integration->answer_count, &span);
    for (uint32_t i = 0; records != NULL && i < span.count; i++) {
        const fg_route_answer_t *answer = &integration->answers[i];
        records[i].status = (uint32_t)answer->status;
        records[i].headers = fg_image_pairs(image, answer->headers, answer->header_count);
        records[i].templates = fg_image_templates(image, answer->templates, answer->template_count);
    }
    return span;
}

static fg_route_span_t addresses_add(fg_image_t *image, const fg_route_integration_t *integration)
{
    fg_route_span_t span;
    fg_route_address_record_t *records =
        fg_image_add(image, &image->addresses, integration->address_count, &span);
    for (uint32_t i = 0; records != NULL && i < span.count; i++) {
        records[i].addr = integration->addresses[i].addr;
        records[i].bytes = integration->addresses[i].bytes;
    }
    return span;
}

static void integration_add(fg_image_t *image, const fg_route_integration_t *from,
                            fg_route_method_record_t *to)
{
    to->kind = (uint8_t)from->kind;
    to->timeout_ms = from->timeout_ms;
    to->passthrough = (uint8_t)from->passthrough;
    to->requests = requests_add(image, from);
    to->answers = answers_add(image, from);
    to->is_tls = from->is_tls;
    to->is_tls_unverified = from->is_tls_unverified;
    to->port = from->port;
    to->http_method = fg_image_text(image, from->http_method);
    to->host = fg_image_text(image, from->host);
    to->path = fg_image_text(image, from->path);
    to->path_parameters = fg_image_pairs(image, from->path_parameters, from->path_parameter_count);
    to->query_parameters =
        fg_image_pairs(image, from->query_parameters, from->query_parameter_count);
    to->header_parameters =
        fg_image_pairs(image, from->header_parameters, from->header_parameter_count);
    to->addresses = addresses_add(image, from);
}

static void method_add(fg_image_t *image, const fg_route_method_t *from,
                       fg_route_method_record_t *to)
{
    to->method_id = from->method_id;
    to->verb = (uint8_t)from->verb;
    to->is_key_required = from->is_key_required;
    to->is_denied = from->is_denied;
    to->is_throttled = from->throttle.is_set;
    to->rate_milli_rps = from->throttle.rate_milli_rps;
    to->burst = from->throttle.burst;
    to->resource_id = fg_image_text(image, from->resource_id);
    to->resource_path = fg_image_text(image, from->resource_path);
    integration_add(image, &from->integration, to);
}

static void methods_add(fg_image_t *image, const fg_route_source_t *source)
{
    fg_route_span_t span;
    fg_route_method_record_t *records =
        fg_image_add(image, &image->methods, source->method_count, &span);
    for (uint32_t i = 0; records != NULL && i < span.count; i++)
        method_add(image, &source->methods[i], &records[i]);
}

/* ---- tree and gateway responses ---- */

static void tree_add(fg_image_t *image, const fg_route_tree_t *tree)
{
    fg_route_span_t span;
    fg_route_node_t *nodes = fg_image_add(image, &image->nodes, tree->node_count, &span);
    for (size_t i = 0; nodes != NULL && i < tree->node_count; i++) {
        nodes[i] = tree->nodes[i];
        nodes[i].name = fg_image_text(image, tree->names[i]);
    }
    fg_route_slot_t *slots = fg_image_add(image, &image->slots, tree->slot_count, &span);
    if (slots != NULL)
        memcpy(slots, tree->slots, tree->slot_count * sizeof(*slots));
}

/* Rule 6.8: its own, else the DEFAULT of its class, else built in. */
static void inheritance_set(fg_route_header_t *header, const uint32_t *own)
{
    for (int type = 0; type < FG_GATEWAY_RESPONSE_COUNT; type++) {
        int status = fg_gateway_response_status((fg_gateway_response_type_t)type);
        int of_class =
            status >= 500 ? FG_GATEWAY_RESPONSE_DEFAULT_5XX : FG_GATEWAY_RESPONSE_DEFAULT_4XX;
        bool has_class = status != 0;
        header->response_of[type] =
            own[type] != FG_ROUTE_NONE || !has_class ? own[type] : own[of_class];
    }
}

static void responses_add(fg_image_t *image, const fg_route_source_t *source,
                          fg_route_header_t *header)
{
    fg_route_span_t span;
    uint32_t own[FG_GATEWAY_RESPONSE_COUNT];
    fg_route_response_t *records =
        fg_image_add(image, &image->responses, source->gateway_response_count, &span);
    memset(own, 0xff, sizeof(own));
    for (uint32_t i = 0; records != NULL && i < span.count; i++) {
        const fg_route_gateway_response_t *from = &source->gateway_responses[i];
        own[from->type] = i;
        records[i].type = from->type;
        records[i].status = (uint32_t)from->status;
        records[i].headers = fg_image_pairs(image, from->headers, from->header_count);
        records[i].templates = fg_image_templates(image, from->templates, from->template_count);
    }
    inheritance_set(header, own);
}

static void header_fill(fg_image_t *image, const fg_route_source_t *source,
                        fg_route_header_t *header)
{
    memcpy(header->magic, FG_ROUTE_MAGIC, sizeof(header->magic));
    header->version = FG_ROUTE_VERSION;
    header->revision = source->revision;
    header->stage_index = source->stage_index;
    header->quota_exceeded_status = (uint16_t)source->quota_exceeded_status;
    header->key_source = (uint8_t)source->key_source;
    header->is_execute_api_disabled = source->is_execute_api_disabled;
    header->api_id = fg_image_text(image, source->api_id);
    header->stage_name = fg_image_text(image, source->stage_name);
    header->deployment_id = fg_image_text(image, source->deployment_id);
    header->region = fg_image_text(image, source->region);
    header->account_id = fg_image_text(image, source->account_id);
    header->variables = fg_image_pairs(image, source->variables, source->variable_count);
}

/* ---- what cannot be served is refused before anything is written ---- */

static bool is_status(int status)
{
    return status >= 100 && status <= 599;
}

static bool is_address(const fg_route_address_t *address)
{
    return (address->addr.ss_family == AF_INET && address->bytes == sizeof(struct sockaddr_in)) ||
           (address->addr.ss_family == AF_INET6 && address->bytes == sizeof(struct sockaddr_in6));
}

static const char *integration_fault(const fg_route_integration_t *integration)
{
    if (integration->kind > FG_INTEGRATION_UNSUPPORTED || integration->passthrough < 0 ||
        integration->passthrough > FG_PASSTHROUGH_NEVER)
        return "the integration is of no known kind";
    if (integration->kind == FG_INTEGRATION_HTTP_PROXY &&
        (integration->path.len == 0 || integration->path.at[0] != '/'))
        return "the path of the backend does not start with a slash";
    if (integration->address_count > FG_BACKEND_ADDRESSES_MAX)
        return "the backend has too many addresses";
    for (size_t i = 0; i < integration->address_count; i++) {
        if (!is_address(&integration->addresses[i]))
            return "an address of the backend is neither IPv4 nor IPv6";
    }
    for (size_t i = 0; i < integration->answer_count; i++) {
        if (!is_status(integration->answers[i].status))
            return "the status of an integration response is not between 100 and 599";
    }
    return NULL;
}

static fg_status_t methods_check(const fg_route_source_t *source, fg_error_t *reterr)
{
    for (size_t i = 0; i < source->method_count; i++) {
        const fg_route_method_t *method = &source->methods[i];
        const char *fault = integration_fault(&method->integration);
        if (fault != NULL)
            return fg_error_set(reterr, FG_BAD_REQUEST, "methodIntegration", "%s %.*s: %s",
                                fg_verb_text(method->verb), FG_STR_ARG(method->resource_path),
                                fault);
    }
    return FG_OK;
}

static fg_status_t stage_check(const fg_route_source_t *source, fg_error_t *reterr)
{
    if (!is_status(source->quota_exceeded_status))
        return fg_error_set(reterr, FG_BAD_REQUEST, "quota_exceeded_status", "no HTTP status");
    if (source->variable_count > FG_STAGE_VARIABLES_MAX)
        return fg_error_set(reterr, FG_BAD_REQUEST, "variables", "too many stage variables");
    for (size_t i = 0; i < source->gateway_response_count; i++) {
        const fg_route_gateway_response_t *response = &source->gateway_responses[i];
        if (response->type >= FG_GATEWAY_RESPONSE_COUNT ||
            (response->status != 0 && !is_status(response->status)))
            return fg_error_set(reterr, FG_BAD_REQUEST, "gatewayResponses",
                                "a gateway response has no known type or no HTTP status");
    }
    return methods_check(source, reterr);
}

fg_status_t fg_route_image_make(const fg_route_source_t *source, fg_arena_t *arena,
                                fg_str_t *ret_image, fg_error_t *reterr)
{
    fg_image_t image;
    fg_route_tree_t tree;
    fg_route_header_t header = {0};
    fg_status_t status = stage_check(source, reterr);
    if (status == FG_OK)
        status = fg_route_tree_make(source, arena, &tree, reterr);
    if (status != FG_OK)
        return status;
    fg_image_init(&image, arena);
    header.depth_max = tree.depth_max;
    header_fill(&image, source, &header);
    tree_add(&image, &tree);
    methods_add(&image, source);
    responses_add(&image, source, &header);
    fg_str_t sealed = fg_image_seal(&image, &header);
    if (sealed.at == NULL)
        return fg_error_set(reterr, FG_NO_MEMORY, "",
                            "no memory for a route snapshot, or it is too large");
    *ret_image = sealed;
    return FG_OK;
}

/* ---- the file ---- */

static fg_status_t io_failed(fg_error_t *reterr, const char *what, const char *path)
{
    fg_status_t status = errno == ENOSPC || errno == EDQUOT ? FG_DISK_FULL
                         : errno == EROFS                   ? FG_READ_ONLY
                                                            : FG_IO;
    return fg_error_set(reterr, status, "", "cannot %s %s: %s", what, path, strerror(errno));
}

static bool write_all(int fd, fg_str_t bytes)
{
    while (bytes.len > 0) {
        ssize_t count = write(fd, bytes.at, bytes.len);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return false;
        bytes = fg_str_of(bytes.at + count, bytes.len - (size_t)count);
    }
    return fsync(fd) == 0;
}

/* Readable by the workers' group: the folder decides who gets that far. */
static fg_status_t file_publish(const char *beside, const char *path, fg_str_t bytes,
                                fg_error_t *reterr)
{
    int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (fd < 0)
        return io_failed(reterr, "create", beside);
    fg_status_t status = FG_OK;
    if (!write_all(fd, bytes))
        status = io_failed(reterr, "write", beside);
    if (close(fd) != 0 && status == FG_OK)
        status = io_failed(reterr, "close", beside);
    if (status == FG_OK && rename(beside, path) != 0)
        status = io_failed(reterr, "rename", beside);
    if (status != FG_OK)
        unlink(beside);
    return status;
}

fg_status_t fg_route_build(const fg_route_source_t *source, const char *path, fg_error_t *reterr)
{
    fg_arena_t *arena = fg_arena_new();
    if (arena == NULL)
        return fg_error_set(reterr, FG_NO_MEMORY, "", "out of memory");
    fg_str_t image;
    fg_status_t status = fg_route_image_make(source, arena, &image, reterr);
    if (status == FG_OK) {
        fg_str_t beside = fg_arena_printf(arena, "%s.new", path);
        status = beside.at == NULL ? fg_error_set(reterr, FG_NO_MEMORY, "", "out of memory")
                                   : file_publish(beside.at, path, image, reterr);
    }
    fg_arena_free(arena);
    return status;
}
