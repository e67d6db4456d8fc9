/*
 * signed - calls of a scene that a credential signs, as a client would: for roles, which an unsigned
 * call does not have.
 *
 * Shape      Targets without anything to encode and without a query; no header but the three.
 */
#ifndef FG_TESTS_CONTROL_SIGNED_H
#define FG_TESTS_CONTROL_SIGNED_H

#include "base/crypto.h"
#include "control/scene.h"

#include <time.h>

typedef struct signing {
    char id[32], secret[64];
} signing_t;

/* A credential of that role, made by the API. */
__attribute__((unused)) static signing_t signing_make(scene_t *scene, const char *role)
{
    signing_t signing;
    char body[64];
    snprintf(body, sizeof(body), "{\"role\":\"%s\",\"name\":\"n\"}", role);
    call(scene, 201, "POST", body, "/faregate/credentials");
    snprintf(signing.id, sizeof(signing.id), "%s", text_at(scene, "accessKeyId"));
    snprintf(signing.secret, sizeof(signing.secret), "%s", text_at(scene, "secretAccessKey"));
    return signing;
}

static void signing_hash(const char *text, char ret_hex[2 * FG_SHA256_BYTES + 1])
{
    uint8_t hash[FG_SHA256_BYTES];
    fg_sha256(text, strlen(text), hash);
    fg_hex(hash, sizeof(hash), ret_hex);
}

static void signing_key(const signing_t *signing, const char *day, uint8_t ret_key[FG_SHA256_BYTES])
{
    const char *parts[] = {day, "us-east-1", "apigateway", "aws4_request"};
    char first[80];
    size_t bytes = (size_t)snprintf(first, sizeof(first), "AWS4%s", signing->secret);
    const void *key = first;
    for (size_t i = 0; i < FG_COUNT_OF(parts); i++) {
        uint8_t next[FG_SHA256_BYTES];
        fg_hmac_sha256(key, bytes, parts[i], strlen(parts[i]), next);
        memcpy(ret_key, next, sizeof(next));
        key = ret_key;
        bytes = FG_SHA256_BYTES;
    }
}

/* Send it, signed; `token` is the client token or NULL. */
__attribute__((unused)) static void signing_send(scene_t *scene, const signing_t *signing,
                                                 const char *verb, const char *target,
                                                 const char *body, const char *token)
{
    char day[16], time_text[32], text[4096], hash[2 * FG_SHA256_BYTES + 1], line[512], path[512];
    uint8_t key[FG_SHA256_BYTES], mac[FG_SHA256_BYTES];
    time_t at = (time_t)scene->now.wall.s;
    struct tm parts;
    gmtime_r(&at, &parts);
    strftime(day, sizeof(day), "%Y%m%d", &parts);
    strftime(time_text, sizeof(time_text), "%Y%m%dT%H%M%SZ", &parts);
    const char *names = token ? "host;x-amz-client-token;x-amz-date" : "host;x-amz-date";
    const char *question = strchr(target, '?');
    snprintf(path, sizeof(path), "%.*s", question ? (int)(question - target) : (int)strlen(target),
             target);
    signing_hash(body ? body : "", hash);
    snprintf(text, sizeof(text), "%s\n%s\n%s\nhost:h\n%s%s%sx-amz-date:%s\n\n%s\n%s", verb, path,
             question ? question + 1 : "", token ? "x-amz-client-token:" : "", token ? token : "",
             token ? "\n" : "", time_text, names, hash);
    signing_hash(text, hash);
    snprintf(text, sizeof(text), "AWS4-HMAC-SHA256\n%s\n%s/us-east-1/apigateway/aws4_request\n%s",
             time_text, day, hash);
    signing_key(signing, day, key);
    fg_hmac_sha256(key, sizeof(key), text, strlen(text), mac);
    fg_hex(mac, sizeof(mac), hash);
    snprintf(line, sizeof(line),
             "AWS4-HMAC-SHA256 Credential=%s/%s/us-east-1/apigateway/aws4_request, "
             "SignedHeaders=%s, Signature=%s",
             signing->id, day, names, hash);
    fg_pair_t headers[] = {{FG_STR("Host"), FG_STR("h")},
                           {FG_STR("X-Amz-Date"), fg_str(time_text)},
                           {FG_STR("Authorization"), fg_str(line)},
                           {FG_STR("X-Amz-Client-Token"), fg_str(token)}};
    fg_request_t request = {.verb = fg_str(verb),
                            .target = fg_str(target),
                            .body = body ? fg_str(body) : FG_STR(""),
                            .headers = headers,
                            .header_count = token ? 4 : 3};
    scene_handle(scene, &request);
}

#endif
