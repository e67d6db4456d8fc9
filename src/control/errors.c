#include "control/errors.h"

#include "base/json.h"

/*    status                exception                              HTTP */
#define EXCEPTIONS(X)                                                                              \
    X(OK, "", 200)                                                                                 \
    X(NO_MEMORY, "ServiceUnavailableException", 503)                                               \
    X(IO, "InternalFailureException", 500)                                                         \
    X(DISK_FULL, "ServiceUnavailableException", 503)                                               \
    X(READ_ONLY, "ServiceUnavailableException", 503)                                               \
    X(BUSY, "ServiceUnavailableException", 503)                                                    \
    X(CORRUPT, "InternalFailureException", 500)                                                    \
    X(NEWER, "InternalFailureException", 500)                                                      \
    X(FULL, "LimitExceededException", 429)                                                         \
    X(NOT_FOUND, "NotFoundException", 404)                                                         \
    X(CONFLICT, "ConflictException", 409)                                                          \
    X(BAD_REQUEST, "BadRequestException", 400)                                                     \
    X(VALIDATION, "ValidationException", 400)                                                      \
    X(SERIALIZATION, "SerializationException", 400)                                                \
    X(TOO_LARGE, "RequestEntityTooLargeException", 413)                                            \
    X(LIMIT, "LimitExceededException", 429)                                                        \
    X(UNAUTHENTICATED, "MissingAuthenticationTokenException", 403)                                 \
    X(UNKNOWN_CLIENT, "UnrecognizedClientException", 403)                                          \
    X(BAD_SIGNATURE, "InvalidSignatureException", 403)                                             \
    X(INCOMPLETE_SIGNATURE, "IncompleteSignatureException", 400)                                   \
    X(DENIED, "AccessDeniedException", 403)                                                        \
    X(UNKNOWN_OPERATION, "UnknownOperationException", 404)                                         \
    X(NOT_IMPLEMENTED, "NotImplementedException", 501)                                             \
    X(INTERNAL, "InternalFailureException", 500)

static const fg_exception_t exceptions[] = {
#define EXCEPTION_ROW(status, name, http_status) [FG_##status] = {name, http_status},
    EXCEPTIONS(EXCEPTION_ROW)
#undef EXCEPTION_ROW
};

enum {
#define EXCEPTION_COUNT(status, name, http_status) +1
    EXCEPTION_ROWS = 0 EXCEPTIONS(EXCEPTION_COUNT)
#undef EXCEPTION_COUNT
};
/* A designated row cannot stand twice without a warning, so equal counts mean that each status has
 * one. */
_Static_assert(EXCEPTION_ROWS == (int)FG_STATUS_COUNT, "a status lacks its exception");

fg_exception_t fg_exception_of(fg_status_t status)
{
    FG_ASSERT(status < FG_STATUS_COUNT);
    return exceptions[status];
}

fg_str_t fg_error_body(const fg_error_t *error, fg_arena_t *arena)
{
    bool is_ours = fg_exception_of(error->status).http_status >= 500 &&
                   error->status != FG_NOT_IMPLEMENTED && error->status != FG_INTERNAL;
    const char *text =
        is_ours || !error->message[0] ? fg_status_text(error->status) : error->message;
    /* Rule C4: this one spells its key with a capital */
    const char *key = error->status == FG_DENIED ? "Message" : "message";
    FG_JSON_SCOPED *body = json_pack("{s:s}", key, text);
    if (!body)
        body = json_pack("{s:s}", key,
                         fg_status_text(error->status)); /* the text was cut inside a character */
    fg_str_t rendered = body ? fg_json_render(body, arena) : FG_STR_NONE;
    return rendered.at ? rendered : FG_STR("{\"message\":\"out of memory\"}");
}
