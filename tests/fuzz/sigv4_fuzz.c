/* Lines "verb target", "name: value"..., an empty line, the body: as a signed request. Nothing may
 * pass: the secret is one that no input knows, so FG_OK is a forgery. */
#include "auth/sigv4.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

enum { HEADERS_MAX = 32 };

static fg_status_t secret_of(void *ctx, fg_str_t access_key_id, fg_arena_t *arena,
                             fg_str_t *ret_secret, fg_error_t *reterr)
{
    (void)ctx;
    (void)access_key_id;
    (void)arena;
    (void)reterr;
    *ret_secret = FG_STR("known to nobody");
    return FG_OK;
}

static fg_status_t verify(fg_str_t text, fg_arena_t *arena, fg_error_t *error)
{
    fg_sigv4_header_t headers[HEADERS_MAX];
    fg_sigv4_request_t request = {.headers = headers};
    request.target = fg_str_cut(&text, '\n');
    request.verb = fg_str_cut(&request.target, ' ');
    while (text.at && request.header_count < HEADERS_MAX) {
        fg_str_t value = fg_str_cut(&text, '\n');
        if (value.len == 0)
            break;
        fg_str_t name = fg_str_cut(&value, ':');
        headers[request.header_count++] = (fg_sigv4_header_t){name, value};
    }
    request.body = text;
    const fg_sigv4_options_t options = {"apigateway", secret_of, NULL};
    fg_sigv4_identity_t identity;
    /* 2026-11-25T06:45:00Z, when the corpus was signed */
    return fg_sigv4_verify(&request, &options, (fg_wall_t){1795589100}, arena, &identity, error);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    fg_error_t error = {0};
    fg_arena_t *arena = fg_arena_new();
    if (verify(fg_str_of((const char *)bytes, count), arena, &error) == FG_OK || !error.message[0])
        abort();
    fg_arena_free(arena);
    return 0;
}
