/*
 * http - the one door to libcurl: a request, signed or not, and its answer.
 *
 * Shape      Signing is libcurl's (CURLOPT_AWS_SIGV4). The signer of libcurl 7.88 signs the URL as
 * it stands, so it is handed a URL that is canonical already (path encoded twice, query sorted and
 * encoded) while the request line carries the path encoded once (CURLOPT_REQUEST_TARGET): what a
 * verifier of SigV4 arrives at. Ownership  Texts of a request are borrowed for the call; those of
 * an answer live in the process's arena.
 */
#ifndef FG_CLI_HTTP_H
#define FG_CLI_HTTP_H

#include "cli.h"

typedef struct fg_credentials {
    const char *key_id;
    const char *secret;
    const char *session_token; /* NULL: none */
    const char *region;
} fg_credentials_t;

typedef struct fg_http_request {
    const char *endpoint; /* "http://127.0.0.1:8081", no slash at its end */
    const char *socket;   /* unix socket to connect to instead; NULL: none */
    const char *verb;
    fg_str_t path;                       /* labels percent-encoded once: "/tags/arn%3Aaws" */
    fg_str_t query;                      /* encoded pairs in any order, without the question mark */
    fg_str_t body;                       /* FG_STR_NONE: none */
    const char *content_type;            /* NULL: application/json when there is a body */
    const char *accept;                  /* NULL: application/json */
    const char *api_key;                 /* x-api-key; NULL: none */
    const char *client_token;            /* X-Amz-Client-Token; NULL: none */
    const fg_credentials_t *credentials; /* NULL: unsigned */
    long timeout_ms;                     /* 0: 60 s */
    bool is_traced;                      /* curl's own trace on stderr, without the secret */
} fg_http_request_t;

typedef struct fg_http_answer {
    long status;
    fg_str_t body;
    fg_str_t error_type; /* x-amzn-ErrorType up to its colon; empty when absent */
} fg_http_answer_t;

/* Once before the first call and once after the last. */
void fg_http_init(void);
void fg_http_done(void);
/* FG_IO with the reason when there is no answer; whatever status came back is an answer. */
FG_MUST_USE fg_status_t fg_http_call(const fg_http_request_t *request, fg_http_answer_t *ret_answer,
                                     fg_error_t *reterr);
/* The pairs of `query` sorted by name, then value, as the canonical request wants them, `=` always
 * there. */
fg_str_t fg_http_sorted_query(fg_str_t query);
/* True when `url` answers `status` within the time; says nothing. */
bool fg_http_answers(const char *endpoint, const char *socket, const char *path, long status,
                     long timeout_ms);

#endif
