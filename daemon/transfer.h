/*
 * transfer - what all requests that faregated sends have in common; the daemon's door to libcurl.
 *
 * Rule       AL6, TI10: http and https only, no redirects, no proxy of the environment's.
 */
#ifndef FG_DAEMON_TRANSFER_H
#define FG_DAEMON_TRANSFER_H

#include "base/arena.h"

#include <curl/curl.h> /* IWYU pragma: export */

/* The common settings, the URL and the time it may take in all. `headers` and `url` must outlive
 * the transfer. False when memory is lacking. */
FG_MUST_USE bool fg_transfer_set_up(CURL *curl, const char *url, struct curl_slist *headers,
                                    long timeout_ms);
/* Append "name: value", or "name;" when the value is empty. False when memory is lacking. */
FG_MUST_USE bool fg_transfer_header_add(struct curl_slist **headers, fg_arena_t *arena,
                                        fg_str_t name, fg_str_t value);
/* Append "name:", so that the library sends none of its own. */
FG_MUST_USE bool fg_transfer_header_drop(struct curl_slist **headers, const char *line);
/* Why it failed. It may quote what a peer or its certificate said: `reason` (CURL_ERROR_SIZE) is
 * made visible ASCII in place. */
fg_str_t fg_transfer_reason(char *reason, CURLcode code);

#endif
