#include "transfer.h"

enum { CONNECT_MS = 5000 };

bool fg_transfer_set_up(CURL *curl, const char *url, struct curl_slist *headers, long timeout_ms)
{
    return curl_easy_setopt(curl, CURLOPT_URL, url) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_PROXY, "") == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, timeout_ms) == CURLE_OK;
}

static bool append(struct curl_slist **headers, const char *line)
{
    struct curl_slist *longer = line ? curl_slist_append(*headers, line) : NULL;
    if (longer)
        *headers = longer;
    return longer != NULL;
}

bool fg_transfer_header_add(struct curl_slist **headers, fg_arena_t *arena, fg_str_t name,
                            fg_str_t value)
{
    fg_str_t line = value.len
                        ? fg_arena_printf(arena, "%.*s: %.*s", FG_STR_ARG(name), FG_STR_ARG(value))
                        : fg_arena_printf(arena, "%.*s;", FG_STR_ARG(name));
    return append(headers, line.at);
}

bool fg_transfer_header_drop(struct curl_slist **headers, const char *line)
{
    return append(headers, line);
}

fg_str_t fg_transfer_reason(char *reason, CURLcode code)
{
    for (char *at = reason; *at; at++)
        if (*at < ' ' || *at > '~')
            *at = '?';
    return fg_str(reason[0] ? reason : curl_easy_strerror(code));
}
