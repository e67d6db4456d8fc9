#include "route/method_id.h"

/* FNV-1a over the parts, each with its end, and a last mixing. */
uint64_t fg_method_id(fg_str_t api_id, fg_str_t stage_name, fg_str_t path, fg_str_t verb)
{
    const fg_str_t parts[] = {api_id, stage_name, path, verb};
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < FG_COUNT_OF(parts); i++) {
        for (size_t at = 0; at < parts[i].len; at++)
            hash = (hash ^ (unsigned char)parts[i].at[at]) * UINT64_C(0x100000001b3);
        hash = (hash ^ 0xff) * UINT64_C(0x100000001b3); /* no byte of UTF-8 */
    }
    hash ^= hash >> 32;
    hash *= UINT64_C(0xd6e8feb86659fd93);
    hash ^= hash >> 32;
    return hash ? hash : 1;
}
