/*
 * api_key, usage plan and the pair of both: the nouns of metering, as the store keeps them and control speaks of them.
 *
 * Ownership  Views live in the arena they were read or parsed into.
 * Units      Times in UTC seconds. Absent texts are FG_STR_NONE; JSON members are texts ("{}" and the like) or FG_STR_NONE.
 */
#ifndef FG_MODEL_API_KEY_H
#define FG_MODEL_API_KEY_H

#include "base/clock.h"
#include "base/crypto.h"
#include "base/limits.h"
#include "base/str.h"

typedef struct fg_api_key {
    fg_str_t id;        /* FG_ID_LONG_BYTES */
    fg_str_t value;     /* FG_STR_NONE when it was not asked for or is not recoverable */
    fg_digest_t digest; /* of the value */
    fg_str_t name, description, customer_id;
    fg_str_t stage_keys; /* JSON array of "api/stage" */
    fg_str_t tags;       /* JSON object, FG_STR_NONE when none were ever set */
    fg_str_t extension; /* JSON object "faregate" (extension.h), FG_STR_NONE when never set */
    uint32_t last_used_minute; /* minutes since 1970; 0: never, as far as is known */
    bool is_enabled;
    fg_wall_t created_at, updated_at;
    int64_t ordinal; /* order of creation; the page position */
} fg_api_key_t;

#endif
