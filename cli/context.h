/*
 * context - whom to ask and as whom: the endpoint and the credentials of a control API call.
 *
 * Rule       Endpoint: flag, FAREGATE_ENDPOINT, AWS_ENDPOINT_URL_API_GATEWAY, AWS_ENDPOINT_URL,
 * run.json of the data directory, http://127.0.0.1:8081. Credentials: --profile, a --data-dir that
 * was named, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_PROFILE or
 * AWS_SHARED_CREDENTIALS_FILE, the data directory, ~/.aws/credentials. Region: flag, AWS_REGION,
 * AWS_DEFAULT_REGION, us-east-1.
 */
#ifndef FG_CLI_CONTEXT_H
#define FG_CLI_CONTEXT_H

#include "http.h"

typedef struct fg_wishes {
    const char *endpoint; /* each NULL when not named on the command line */
    const char *data_dir;
    const char *profile;
    const char *region;
    const char *client_token; /* makes a create that is sent again one create; NULL: none */
} fg_wishes_t;

typedef struct fg_context {
    const char *endpoint;
    fg_credentials_t credentials;
    const char *source;       /* where the credentials are from, for messages */
    const char *client_token; /* goes with every call */
} fg_context_t;

/* FG_UNAUTHENTICATED when there are no credentials; the message says where they were looked for. */
FG_MUST_USE fg_status_t fg_context_find(const fg_wishes_t *wishes, fg_context_t *ret_context,
                                        fg_error_t *reterr);
/* The access key of a profile in a file in the AWS format; false when the file or profile is not
 * there. */
FG_MUST_USE bool fg_credentials_read(const char *path, const char *profile,
                                     fg_credentials_t *ret_credentials);

#endif
