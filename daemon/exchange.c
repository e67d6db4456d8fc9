#include "exchange.h"

#include "transfer.h"

#include <string.h>

/* What one exchange has so far. */
typedef struct exchange {
    const fg_exchange_request_t *request;
    fg_arena_t *arena;
    fg_exchange_answer_t *answer;
    CURL *curl;
    struct curl_slist *headers;
    char *body;
    size_t body_room;
    char reason[CURL_ERROR_SIZE];
} exchange_t;

static atomic_bool is_stopping;

/* ---- asking ---- */

static bool is_header(fg_str_t name, fg_str_t value)
{
    static const char separators[] = "()<>@,;:\\\"/[]?={} \t";
    for (size_t i = 0; i < name.len; i++) {
        char byte = name.at[i];
        if (byte <= ' ' || byte > '~' || strchr(separators, byte))
            return false;
    }
    for (size_t i = 0; i < value.len; i++) {
        unsigned char byte = (unsigned char)value.at[i];
        if ((byte < ' ' && byte != '\t') || byte == 0x7f)
            return false;
    }
    return name.len > 0;
}

/* The headers asked for, and none of the library's own. */
static bool add_headers(exchange_t *exchange)
{
    const fg_exchange_request_t *request = exchange->request;
    bool is_typed = false, is_added = true;
    for (size_t i = 0; is_added && i < request->header_count; i++) {
        const fg_pair_t *header = &request->headers[i];
        is_typed = is_typed || fg_str_eq_nocase(header->name, FG_STR("Content-Type"));
        if (!is_header(header->name, header->value)) {
            exchange->answer->reason = FG_STR("a header that cannot be sent");
            return false;
        }
        is_added = fg_transfer_header_add(&exchange->headers, exchange->arena, header->name,
                                          header->value);
    }
    if (is_added && !is_typed)
        is_added = fg_transfer_header_drop(&exchange->headers, "Content-Type:");
    return is_added && fg_transfer_header_drop(&exchange->headers, "Expect:");
}

static bool set_body(exchange_t *exchange)
{
    fg_str_t verb = exchange->request->verb, body = exchange->request->body;
    CURL *curl = exchange->curl;
    bool has_length =
        body.at || fg_str_is(verb, "POST") || fg_str_is(verb, "PUT") || fg_str_is(verb, "PATCH");
    if (fg_str_is(verb, "HEAD"))
        return curl_easy_setopt(curl, CURLOPT_NOBODY, 1L) == CURLE_OK;
    if (has_length &&
        (curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.len) != CURLE_OK ||
         curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body.at ? body.at : "") != CURLE_OK))
        return false;
    const char *text = fg_arena_text(exchange->arena, verb);
    return text && curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, text) == CURLE_OK;
}

/* ---- listening ---- */

static size_t take_body(char *bytes, size_t size, size_t count, void *user)
{
    exchange_t *exchange = user;
    fg_str_t *body = &exchange->answer->body;
    size_t more = size * count, whole = body->len + more;
    if (whole > FG_EXCHANGE_BODY_BYTES_MAX)
        return 0;
    if (whole > exchange->body_room) {
        char *longer = fg_arena_alloc(exchange->arena, whole * 2);
        if (!longer)
            return 0;
        if (body->len)
            memcpy(longer, exchange->body, body->len);
        exchange->body = longer;
        exchange->body_room = whole * 2;
    }
    memcpy(exchange->body + body->len, bytes, more);
    *body = fg_str_of(exchange->body, whole);
    return more;
}

/* A status line begins anew: what came before was provisional. */
static size_t take_header(char *bytes, size_t size, size_t count, void *user)
{
    exchange_t *exchange = user;
    fg_exchange_answer_t *answer = exchange->answer;
    size_t whole = size * count;
    fg_str_t value = fg_str_of(bytes, whole);
    if (fg_str_starts_with(value, FG_STR("HTTP/"))) {
        answer->header_count = 0;
        return whole;
    }
    fg_str_t name = fg_str_cut(&value, ':');
    if (!value.at)
        return whole; /* the empty line */
    while (value.len && (value.at[value.len - 1] == '\n' || value.at[value.len - 1] == '\r'))
        value.len--;
    if (answer->header_count == FG_EXCHANGE_HEADERS_MAX)
        return 0;
    fg_pair_t *header = &answer->headers[answer->header_count++];
    *header = (fg_pair_t){fg_arena_copy(exchange->arena, name),
                          fg_arena_copy(exchange->arena, fg_str_trim(value))};
    return header->name.at && header->value.at ? whole : 0;
}

static int look_up(void *user, curl_off_t down, curl_off_t down_now, curl_off_t up,
                   curl_off_t up_now)
{
    (void)user, (void)down, (void)down_now, (void)up, (void)up_now;
    return is_stopping;
}

/* ---- the whole ---- */

/* Rule TI10. */
static bool set_up(exchange_t *exchange)
{
    const fg_exchange_request_t *request = exchange->request;
    CURL *curl = exchange->curl;
    const char *url = fg_arena_text(exchange->arena, request->url);
    long is_verified = !request->is_tls_unverified;
    return url && add_headers(exchange) && set_body(exchange) &&
           fg_transfer_set_up(curl, url, exchange->headers, (long)request->timeout_ms) &&
           curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_QUICK_EXIT, 1L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, is_verified) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, is_verified * 2) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_WRITEDATA, exchange) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_HEADERDATA, exchange) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, look_up) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, exchange->reason) == CURLE_OK;
}

static void perform(exchange_t *exchange)
{
    fg_exchange_answer_t *answer = exchange->answer;
    int64_t began_us = fg_now().mono.us;
    long status = 0;
    CURLcode code = curl_easy_perform(exchange->curl);
    answer->latency_us = fg_now().mono.us - began_us;
    (void)curl_easy_getinfo(exchange->curl, CURLINFO_RESPONSE_CODE, &status);
    answer->status = (int)status;
    if (code == CURLE_OK)
        answer->outcome = FG_EXCHANGE_ANSWERED;
    else if (code == CURLE_OPERATION_TIMEDOUT)
        answer->outcome = FG_EXCHANGE_TIMED_OUT;
    if (code != CURLE_OK)
        answer->reason = fg_arena_copy(exchange->arena, fg_transfer_reason(exchange->reason, code));
}

/* Rule TI9: the lock is given up, so that a slow backend holds nobody else up. */
static void exchange(void *ctx, const fg_exchange_request_t *request, fg_arena_t *arena,
                     fg_exchange_answer_t *ret_answer)
{
    fg_node_t *node = ctx;
    exchange_t exchange = {.request = request, .arena = arena, .answer = ret_answer};
    *ret_answer = (fg_exchange_answer_t){
        .outcome = FG_EXCHANGE_FAILED,
        .headers = fg_arena_alloc(arena, FG_EXCHANGE_HEADERS_MAX * sizeof(fg_pair_t)),
        .body = FG_STR(""),
        .reason = FG_STR("out of memory"),
    };
    exchange.curl = ret_answer->headers ? curl_easy_init() : NULL;
    if (exchange.curl && set_up(&exchange)) {
        fg_node_unlock(node);
        perform(&exchange);
        fg_node_lock(node);
    }
    curl_easy_cleanup(exchange.curl);
    curl_slist_free_all(exchange.headers);
}

fg_status_t fg_exchanges_start(fg_node_t *node, fg_error_t *reterr)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return fg_error_set(reterr, FG_NO_MEMORY, "", "libcurl cannot be started");
    node->control.exchange = exchange;
    node->control.exchange_ctx = node;
    return FG_OK;
}

void fg_exchanges_break_off(void)
{
    is_stopping = true;
}

void fg_exchanges_stop(void)
{
    curl_global_cleanup();
}
