/*
 * id - identifiers as the service makes them: lower-case letters and digits, 10 or 6 long.
 *
 * Shape      In shared memory an id is one 64-bit word (base 37, 0 is "none"), so that it is read and written at once.
 * Rule       reference 3.1; ids are case-sensitive.
 */
#ifndef FG_BASE_ID_H
#define FG_BASE_ID_H

#include "base/limits.h"
#include "base/status.h"
#include "base/str.h"

/* Where random bytes come from; a test hands in its own. Fills `bytes`; returns false on failure. */
typedef struct fg_random {
    bool (*fill)(void *ctx, void *ret_bytes, size_t count);
    void *ctx;
} fg_random_t;

/* The system's generator (getrandom). */
fg_random_t fg_random_system(void);
/* A repeatable generator for tests; `state` must outlive it. */
fg_random_t fg_random_seeded(uint64_t *state);

/* Write `length` characters of [a-z0-9] and a NUL. False when there is no randomness. */
FG_MUST_USE bool fg_id_make(fg_random_t random, size_t length, char *ret_id);
/* Write FG_KEY_VALUE_GENERATED_BYTES characters of [A-Za-z0-9] and a NUL. Rule K2. */
FG_MUST_USE bool fg_key_value_make(fg_random_t random, char *ret_value);
/* 36 characters of lower-case uuid (version 4) and a NUL. */
FG_MUST_USE bool fg_uuid_make(fg_random_t random, char *ret_uuid);

/* The word of an id of 1 to FG_ID_BYTES_MAX characters of [a-z0-9]; 0 for anything else. */
uint64_t fg_id_pack(fg_str_t id);
/* Did fg_id_pack make it? For words that may be damaged. */
bool fg_id_is_packed(uint64_t word);
/* The text of a word, NUL-terminated, FG_ID_BYTES_MAX + 1 bytes of room; "" for 0. Returns its length. */
size_t fg_id_unpack(uint64_t word, char *ret_id);

#endif
