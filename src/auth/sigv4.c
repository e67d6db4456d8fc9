/*
 * The order of the checks is that of their cost and of what they give away: form, date, access key,
 * signature. The secret is asked for only when the form and the date hold.
 */
#include "auth/sigv4.h"

#include "auth/canonical.h"
#include "base/crypto.h"
#include "base/limits.h"
#include "base/uri.h"

#include <stdio.h>

#define ALGORITHM "AWS4-HMAC-SHA256"
#define MISMATCH                                                                                   \
    "The request signature we calculated does not match the signature you provided. Check your "   \
    "AWS Secret Access Key and signing method. Consult the service documentation for details."

enum { STAMP_BYTES = 16, HASH_HEX_BYTES = 2 * FG_SHA256_BYTES };

/* What both forms say. */
typedef struct claim {
    fg_str_t credential, signed_headers, signature, stamp;
    fg_str_t access_key_id, date, region, service; /* cut out of credential */
    int64_t expires_s;                             /* presigned form; 0: header form */
    bool is_presigned;
} claim_t;

static fg_str_t header_of(const fg_sigv4_request_t *request, const char *name)
{
    for (size_t i = 0; i < request->header_count; i++) {
        if (fg_str_eq_nocase(request->headers[i].name, fg_str(name)))
            return fg_str_trim(request->headers[i].value);
    }
    return FG_STR_NONE;
}

static fg_status_t incomplete(fg_error_t *reterr, const char *text)
{
    return fg_error_set(reterr, FG_INCOMPLETE_SIGNATURE, "Authorization", "%s", text);
}

static fg_status_t mismatch(fg_error_t *reterr)
{
    return fg_error_set(reterr, FG_BAD_SIGNATURE, "Authorization", "%s", MISMATCH);
}

/* "AWS4-HMAC-SHA256 Credential=..., SignedHeaders=..., Signature=..." */
static fg_status_t header_parse(const fg_sigv4_request_t *request, fg_str_t value, claim_t *claim,
                                fg_error_t *reterr)
{
    fg_str_t rest = value;
    if (!fg_str_is(fg_str_cut(&rest, ' '), ALGORITHM))
        return incomplete(reterr, "Authorization header requires the algorithm '" ALGORITHM "'.");
    while (rest.at) {
        fg_str_t item = fg_str_trim(fg_str_cut(&rest, ','));
        fg_str_t name = fg_str_cut(&item, '=');
        if (fg_str_is(name, "Credential"))
            claim->credential = item;
        else if (fg_str_is(name, "SignedHeaders"))
            claim->signed_headers = item;
        else if (fg_str_is(name, "Signature"))
            claim->signature = item;
    }
    claim->stamp = header_of(request, "x-amz-date");
    if (!claim->credential.at)
        return incomplete(reterr, "Authorization header requires 'Credential' parameter.");
    if (!claim->signature.at)
        return incomplete(reterr, "Authorization header requires 'Signature' parameter.");
    if (!claim->signed_headers.at)
        return incomplete(reterr, "Authorization header requires 'SignedHeaders' parameter.");
    if (!claim->stamp.at)
        return incomplete(reterr,
                          "Authorization header requires existence of a 'X-Amz-Date' header.");
    return FG_OK;
}

static fg_str_t query_value(fg_str_t query, const char *name, fg_arena_t *arena)
{
    fg_str_t raw = fg_uri_query_last(query, fg_str(name));
    return raw.at ? fg_uri_decode_copy(raw, arena) : FG_STR_NONE;
}

static fg_status_t presigned_parse(fg_str_t query, fg_arena_t *arena, claim_t *claim,
                                   fg_error_t *reterr)
{
    claim->is_presigned = true;
    claim->credential = query_value(query, "X-Amz-Credential", arena);
    claim->signed_headers = query_value(query, "X-Amz-SignedHeaders", arena);
    claim->signature = query_value(query, "X-Amz-Signature", arena);
    claim->stamp = query_value(query, "X-Amz-Date", arena);
    if (!fg_str_is(query_value(query, "X-Amz-Algorithm", arena), ALGORITHM) ||
        !claim->credential.at || !claim->signed_headers.at || !claim->signature.at ||
        !claim->stamp.at)
        return incomplete(reterr,
                          "AWS query-string parameters must include 'X-Amz-Algorithm', "
                          "'X-Amz-Credential', 'X-Amz-Signature', 'X-Amz-SignedHeaders' and "
                          "'X-Amz-Date'.");
    if (!fg_str_to_i64(query_value(query, "X-Amz-Expires", arena), &claim->expires_s) ||
        claim->expires_s < 1 || claim->expires_s > FG_SIGV4_EXPIRES_S_MAX)
        return incomplete(reterr, "X-Amz-Expires must be a number of seconds from 1 to 604800.");
    return FG_OK;
}

/* "<access key>/<yyyymmdd>/<region>/<service>/aws4_request" */
static fg_status_t credential_cut(claim_t *claim, const char *service, fg_error_t *reterr)
{
    fg_str_t rest = claim->credential;
    claim->access_key_id = fg_str_cut(&rest, '/');
    claim->date = fg_str_cut(&rest, '/');
    claim->region = fg_str_cut(&rest, '/');
    claim->service = fg_str_cut(&rest, '/');
    if (claim->access_key_id.len == 0 || claim->date.len != 8 || claim->region.len == 0 || !rest.at)
        return incomplete(reterr, "Credential must have exactly 5 slash-delimited elements, e.g. "
                                  "keyid/date/region/service/term.");
    if (!fg_str_is(rest, "aws4_request"))
        return fg_error_set(reterr, FG_BAD_SIGNATURE, "Authorization",
                            "Credential should be scoped with a valid terminator: 'aws4_request'.");
    if (!fg_str_is(claim->service, service))
        return fg_error_set(reterr, FG_BAD_SIGNATURE, "Authorization",
                            "Credential should be scoped to correct service: '%s'.", service);
    return FG_OK;
}

static bool digits(fg_str_t text, size_t at, size_t count, int *ret_number)
{
    int64_t number = 0;
    for (size_t i = 0; i < count; i++) {
        if (text.at[at + i] < '0' || text.at[at + i] > '9')
            return false;
        number = number * 10 + (text.at[at + i] - '0');
    }
    *ret_number = (int)number;
    return true;
}

/* 20261125T064500Z */
static bool stamp_parse(fg_str_t stamp, fg_wall_t *ret_at)
{
    int year, month, day, hour, minute, second;
    if (stamp.len != STAMP_BYTES || stamp.at[8] != 'T' || stamp.at[15] != 'Z' ||
        !digits(stamp, 0, 4, &year) || !digits(stamp, 4, 2, &month) || !digits(stamp, 6, 2, &day) ||
        !digits(stamp, 9, 2, &hour) || !digits(stamp, 11, 2, &minute) ||
        !digits(stamp, 13, 2, &second))
        return false;
    if (year < 1970 || month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 ||
        second > 60)
        return false;
    ret_at->s = fg_day_from_civil(year, month, day) * FG_DAY_S + hour * 3600 + minute * 60 + second;
    return true;
}

static void stamp_print(fg_wall_t at, char *ret_text, size_t room)
{
    int year, month, day;
    int64_t seconds = at.s % FG_DAY_S;
    fg_civil_from_day(at.s / FG_DAY_S, &year, &month, &day);
    snprintf(ret_text, room, "%04d%02d%02dT%02d%02d%02dZ", year, month, day, (int)(seconds / 3600),
             (int)(seconds / 60 % 60), (int)(seconds % 60));
}

static fg_status_t date_check(const claim_t *claim, fg_wall_t now, fg_error_t *reterr)
{
    fg_wall_t signed_at;
    char edge_text[64], now_text[64];
    if (!stamp_parse(claim->stamp, &signed_at))
        return incomplete(reterr,
                          "Date must be in ISO-8601 'basic format', e.g. 20260101T120000Z.");
    if (!fg_str_eq(claim->date, fg_str_of(claim->stamp.at, 8)))
        return fg_error_set(reterr, FG_BAD_SIGNATURE, "Authorization",
                            "Date in Credential scope does not match the date of the request.");
    int64_t life_s = claim->is_presigned ? claim->expires_s : FG_SIGNATURE_SKEW_S;
    stamp_print(now, now_text, sizeof(now_text));
    if (now.s - signed_at.s > life_s) {
        stamp_print((fg_wall_t){now.s - life_s}, edge_text, sizeof(edge_text));
        return fg_error_set(reterr, FG_BAD_SIGNATURE, "Authorization",
                            "Signature expired: %.*s is now earlier than %s (%s - %lld %s.)",
                            FG_STR_ARG(claim->stamp), edge_text, now_text,
                            (long long)(claim->is_presigned ? life_s : life_s / 60),
                            claim->is_presigned ? "sec" : "min");
    }
    if (signed_at.s - now.s > FG_SIGNATURE_SKEW_S) {
        stamp_print((fg_wall_t){now.s + FG_SIGNATURE_SKEW_S}, edge_text, sizeof(edge_text));
        return fg_error_set(reterr, FG_BAD_SIGNATURE, "Authorization",
                            "Signature not yet current: %.*s is still later than %s (%s + %d min.)",
                            FG_STR_ARG(claim->stamp), edge_text, now_text,
                            FG_SIGNATURE_SKEW_S / 60);
    }
    return FG_OK;
}

static bool is_signed(const claim_t *claim, fg_str_t name)
{
    for (fg_str_t rest = claim->signed_headers; rest.at;) {
        if (fg_str_eq_nocase(fg_str_cut(&rest, ';'), name))
            return true;
    }
    return false;
}

/* host and every x-amz-* header must stand under the signature, or a middleman could change them.
 */
static fg_status_t headers_check(const fg_sigv4_request_t *request, const claim_t *claim,
                                 fg_error_t *reterr)
{
    if (!is_signed(claim, FG_STR("host")))
        return fg_error_set(reterr, FG_BAD_SIGNATURE, "Authorization",
                            "'Host' must be a 'SignedHeader' in the AWS Authorization.");
    for (size_t i = 0; i < request->header_count; i++) {
        fg_str_t name = request->headers[i].name;
        if (name.len >= 6 && fg_str_eq_nocase(fg_str_of(name.at, 6), FG_STR("x-amz-")) &&
            !is_signed(claim, name))
            return fg_error_set(reterr, FG_BAD_SIGNATURE, "Authorization",
                                "'%.*s' must be a 'SignedHeader' in the AWS Authorization.",
                                FG_STR_ARG(name));
    }
    return FG_OK;
}

static fg_status_t body_hash(const fg_sigv4_request_t *request, char *ret_hex, fg_error_t *reterr)
{
    uint8_t hash[FG_SHA256_BYTES];
    fg_sha256(request->body.at, request->body.len, hash);
    fg_hex(hash, sizeof(hash), ret_hex);
    fg_str_t given = header_of(request, "x-amz-content-sha256");
    if (given.at && !fg_str_is(given, ret_hex))
        return fg_error_set(
            reterr, FG_BAD_SIGNATURE, "X-Amz-Content-Sha256",
            "The provided 'x-amz-content-sha256' header does not match what was computed.");
    return FG_OK;
}

/* Hash of the canonical request, in hexadecimal. */
static fg_status_t request_hash(const fg_sigv4_request_t *request, const claim_t *claim,
                                fg_arena_t *arena, char *ret_hex, fg_error_t *reterr)
{
    char payload[HASH_HEX_BYTES + 1];
    fg_status_t status = body_hash(request, payload, reterr);
    if (status != FG_OK)
        return status;
    fg_str_t query = request->target;
    fg_str_t path = fg_canonical_path(fg_str_cut(&query, '?'), arena);
    query = fg_canonical_query(query, arena);
    fg_str_t headers = fg_canonical_headers(request, claim->signed_headers, arena);
    if (!path.at || !query.at || !headers.at)
        return mismatch(reterr);
    fg_str_t text = fg_arena_printf(
        arena, "%.*s\n%.*s\n%.*s\n%.*s\n%.*s\n%s", FG_STR_ARG(request->verb), FG_STR_ARG(path),
        FG_STR_ARG(query), FG_STR_ARG(headers), FG_STR_ARG(claim->signed_headers), payload);
    if (!text.at)
        return fg_error_set(reterr, FG_NO_MEMORY, "", "%s", fg_status_text(FG_NO_MEMORY));
    uint8_t hash[FG_SHA256_BYTES];
    fg_sha256(text.at, text.len, hash);
    fg_hex(hash, sizeof(hash), ret_hex);
    return FG_OK;
}

static void mac(const uint8_t key[FG_SHA256_BYTES], fg_str_t text, uint8_t ret_mac[FG_SHA256_BYTES])
{
    uint8_t result[FG_SHA256_BYTES];
    fg_hmac_sha256(key, FG_SHA256_BYTES, text.at, text.len, result);
    memcpy(ret_mac, result, sizeof(result));
}

static fg_status_t signature_make(const claim_t *claim, fg_str_t secret, const char *request_hex,
                                  fg_arena_t *arena, char *ret_hex, fg_error_t *reterr)
{
    fg_str_t first = fg_arena_printf(arena, "AWS4%.*s", FG_STR_ARG(secret));
    fg_str_t scope = fg_str_of(claim->credential.at + claim->access_key_id.len + 1,
                               claim->credential.len - claim->access_key_id.len - 1);
    fg_str_t text = fg_arena_printf(arena, ALGORITHM "\n%.*s\n%.*s\n%s", FG_STR_ARG(claim->stamp),
                                    FG_STR_ARG(scope), request_hex);
    if (!first.at || !text.at)
        return fg_error_set(reterr, FG_NO_MEMORY, "", "%s", fg_status_text(FG_NO_MEMORY));
    uint8_t key[FG_SHA256_BYTES];
    fg_hmac_sha256(first.at, first.len, claim->date.at, claim->date.len, key);
    mac(key, claim->region, key);
    mac(key, claim->service, key);
    mac(key, FG_STR("aws4_request"), key);
    mac(key, text, key);
    fg_hex(key, sizeof(key), ret_hex);
    return FG_OK;
}

static fg_status_t signature_check(const fg_sigv4_request_t *request,
                                   const fg_sigv4_options_t *options, const claim_t *claim,
                                   fg_arena_t *arena, fg_error_t *reterr)
{
    char request_hex[HASH_HEX_BYTES + 1], signature[HASH_HEX_BYTES + 1];
    fg_str_t secret;
    fg_status_t status =
        options->secret_of(options->ctx, claim->access_key_id, arena, &secret, reterr);
    if (status == FG_NOT_FOUND)
        return fg_error_set(reterr, FG_UNKNOWN_CLIENT, "Authorization",
                            "The security token included in the request is invalid.");
    if (status == FG_OK)
        status = request_hash(request, claim, arena, request_hex, reterr);
    if (status == FG_OK)
        status = signature_make(claim, secret, request_hex, arena, signature, reterr);
    if (status != FG_OK)
        return status;
    if (claim->signature.len != HASH_HEX_BYTES ||
        !fg_equal_constant_time(claim->signature.at, signature, HASH_HEX_BYTES))
        return mismatch(reterr);
    return FG_OK;
}

static fg_status_t claim_parse(const fg_sigv4_request_t *request, fg_arena_t *arena,
                               claim_t *ret_claim, fg_error_t *reterr)
{
    fg_str_t query = request->target;
    fg_str_cut(&query, '?');
    fg_str_t authorization = header_of(request, "authorization");
    if (authorization.at)
        return header_parse(request, authorization, ret_claim, reterr);
    if (fg_uri_query_last(query, FG_STR("X-Amz-Algorithm")).at ||
        fg_uri_query_last(query, FG_STR("X-Amz-Signature")).at)
        return presigned_parse(query, arena, ret_claim, reterr);
    return fg_error_set(reterr, FG_UNAUTHENTICATED, "Authorization",
                        "Missing Authentication Token");
}

fg_status_t fg_sigv4_verify(const fg_sigv4_request_t *request, const fg_sigv4_options_t *options,
                            fg_wall_t now, fg_arena_t *arena, fg_sigv4_identity_t *ret_identity,
                            fg_error_t *reterr)
{
    claim_t claim = {0};
    fg_status_t status = claim_parse(request, arena, &claim, reterr);
    if (status == FG_OK)
        status = credential_cut(&claim, options->service, reterr);
    if (status == FG_OK)
        status = date_check(&claim, now, reterr);
    if (status == FG_OK)
        status = headers_check(request, &claim, reterr);
    if (status == FG_OK)
        status = signature_check(request, options, &claim, arena, reterr);
    if (status != FG_OK)
        return status;
    ret_identity->access_key_id = claim.access_key_id;
    ret_identity->region = claim.region;
    return FG_OK;
}
