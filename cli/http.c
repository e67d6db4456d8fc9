#include "http.h"

#include "base/uri.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

enum { TIMEOUT_MS = 60000, CONNECT_TIMEOUT_MS = 5000, ANSWER_BYTES_MAX = 64 * 1024 * 1024 };

/* Of the whole process: it keeps its connection from call to call. */
static CURL *handle;

/* What the callbacks fill. */
typedef struct transfer {
    char *bytes;
    size_t len;
    fg_str_t error_type;
} transfer_t;

static size_t on_body(char *bytes, size_t size, size_t count, void *user)
{
    transfer_t *transfer = user;
    size_t len = size * count;

    if (transfer->len + len > ANSWER_BYTES_MAX)
        return 0;
    char *grown = realloc(transfer->bytes, transfer->len + len + 1);
    if (!grown)
        return 0;
    transfer->bytes = grown;
    memcpy(grown + transfer->len, bytes, len);
    transfer->len += len;
    return len;
}

static size_t on_header(char *bytes, size_t size, size_t count, void *user)
{
    transfer_t *transfer = user;
    fg_str_t rest = fg_str_of(bytes, size * count);
    fg_str_t name = fg_str_cut(&rest, ':');

    if (rest.at && fg_str_eq_nocase(name, FG_STR("x-amzn-errortype"))) {
        fg_str_t line = fg_str_cut(&rest, '\r');
        fg_str_t type = fg_str_cut(&line, ':');
        transfer->error_type = fg_str(fg_text_of(fg_str_trim(type)));
    }
    return size * count;
}

typedef struct pair {
    fg_str_t name;
    fg_str_t value;
} pair_t;

static int compare_pairs(const void *left, const void *right)
{
    const pair_t *a = left;
    const pair_t *b = right;
    int order = fg_str_cmp(a->name, b->name);

    return order ? order : fg_str_cmp(a->value, b->value);
}

fg_str_t fg_http_sorted_query(fg_str_t query)
{
    size_t room = 1;
    size_t count = 0;
    size_t len = 0;

    for (size_t i = 0; i < query.len; i++)
        room += query.at[i] == '&';
    pair_t *pairs = calloc(room, sizeof(*pairs));
    char *text = malloc(query.len + 2 * room + 1); /* each pair: a `=` that lacked, an `&` */
    fg_str_t sorted = FG_STR("");
    if (!pairs || !text)
        goto done;
    for (fg_str_t rest = query, name, value; fg_uri_query_next(&rest, &name, &value);)
        pairs[count++] = (pair_t){name, value};
    qsort(pairs, count, sizeof(*pairs), compare_pairs);
    for (size_t i = 0; i < count; i++) {
        len += (size_t)sprintf(text + len, "%s%.*s=%.*s", i ? "&" : "", FG_STR_ARG(pairs[i].name),
                               FG_STR_ARG(pairs[i].value));
    }
    sorted = fg_str_of(fg_text_of(fg_str_of(text, len)), len);
done:
    free(pairs);
    free(text);
    return sorted;
}

static struct curl_slist *add_header(struct curl_slist *headers, const char *name,
                                     const char *value)
{
    return value ? curl_slist_append(headers, fg_text("%s: %s", name, value)) : headers;
}

static struct curl_slist *make_headers(const fg_http_request_t *request)
{
    struct curl_slist *headers = NULL;
    const char *content_type = request->content_type ? request->content_type : "application/json";

    headers = add_header(headers, "Accept", request->accept ? request->accept : "application/json");
    /* always with a body, even an empty one: libcurl would name a form */
    headers = add_header(headers, "Content-Type", request->body.at ? content_type : NULL);
    headers = add_header(headers, "x-api-key", request->api_key);
    headers = add_header(headers, "X-Amz-Client-Token", request->client_token);
    if (request->credentials)
        headers = add_header(headers, "X-Amz-Security-Token", request->credentials->session_token);
    return headers;
}

static void sign(CURL *curl, const fg_credentials_t *credentials)
{
    curl_easy_setopt(curl, CURLOPT_AWS_SIGV4,
                     fg_text("aws:amz:%s:apigateway", credentials->region));
    curl_easy_setopt(curl, CURLOPT_USERNAME, credentials->key_id);
    curl_easy_setopt(curl, CURLOPT_PASSWORD, credentials->secret);
}

/* The signer reads the URL; the server, the request target. Both are set, see the top of the
 * header. */
static void address(CURL *curl, const fg_http_request_t *request)
{
    fg_str_t query = fg_http_sorted_query(request->query);
    fg_str_t twice = fg_uri_encode(request->path, "/", fg_cli_arena());
    const char *mark = query.len ? "?" : "";

    curl_easy_setopt(
        curl, CURLOPT_URL,
        fg_text("%s%.*s%s%.*s", request->endpoint, FG_STR_ARG(twice), mark, FG_STR_ARG(query)));
    curl_easy_setopt(curl, CURLOPT_REQUEST_TARGET,
                     fg_text("%.*s%s%.*s", FG_STR_ARG(request->path), mark, FG_STR_ARG(query)));
    curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    if (request->socket)
        curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, request->socket);
}

static int on_trace(CURL *curl, curl_infotype type, char *bytes, size_t len, void *user)
{
    const char *mark = type == CURLINFO_HEADER_OUT || type == CURLINFO_DATA_OUT ? ">"
                       : type == CURLINFO_TEXT                                  ? "*"
                                                                                : "<";

    (void)curl;
    (void)user;
    if (type == CURLINFO_SSL_DATA_IN || type == CURLINFO_SSL_DATA_OUT)
        return 0;
    fprintf(stderr, "%s %.*s%s", mark, (int)len, bytes, len && bytes[len - 1] == '\n' ? "" : "\n");
    return 0;
}

static void set_up(CURL *curl, const fg_http_request_t *request, transfer_t *transfer)
{
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS,
                     request->timeout_ms ? request->timeout_ms : (long)TIMEOUT_MS);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_TIMEOUT_MS);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "faregate/" FG_VERSION);
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->verb);
    if (request->body.at) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.len);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request->body.at);
    }
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, transfer);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, transfer);
    if (request->is_traced) {
        curl_easy_setopt(curl, CURLOPT_VERBOSE, 1L);
        curl_easy_setopt(curl, CURLOPT_DEBUGFUNCTION, on_trace);
    }
}

fg_status_t fg_http_call(const fg_http_request_t *request, fg_http_answer_t *ret_answer,
                         fg_error_t *reterr)
{
    char reason[CURL_ERROR_SIZE] = "";
    transfer_t transfer = {.error_type = FG_STR("")};
    struct curl_slist *headers = NULL;

    if (!handle)
        handle = curl_easy_init();
    CURL *curl = handle;
    if (!curl)
        return fg_error_set(reterr, FG_NO_MEMORY, "", "libcurl could not start");
    curl_easy_reset(curl);
    set_up(curl, request, &transfer);
    address(curl, request);
    headers = make_headers(request);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, reason);
    if (request->credentials)
        sign(curl, request->credentials);
    CURLcode code = curl_easy_perform(curl);
    fg_status_t status = FG_OK;
    if (code != CURLE_OK) {
        status = fg_error_set(reterr, FG_IO, "", "%s", *reason ? reason : curl_easy_strerror(code));
    } else {
        *ret_answer = (fg_http_answer_t){.error_type = transfer.error_type};
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &ret_answer->status);
        ret_answer->body =
            fg_str_of(fg_text_of(fg_str_of(transfer.bytes, transfer.len)), transfer.len);
    }
    curl_slist_free_all(headers);
    free(transfer.bytes);
    return status;
}

bool fg_http_answers(const char *endpoint, const char *socket, const char *path, long status,
                     long timeout_ms)
{
    fg_http_answer_t answer;
    fg_error_t error;
    fg_http_request_t request = {.endpoint = endpoint,
                                 .socket = socket,
                                 .verb = "GET",
                                 .path = fg_str(path),
                                 .query = FG_STR(""),
                                 .timeout_ms = timeout_ms};

    return fg_http_call(&request, &answer, &error) == FG_OK && answer.status == status;
}

void fg_http_init(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

void fg_http_done(void)
{
    curl_easy_cleanup(handle);
    curl_global_cleanup();
}
