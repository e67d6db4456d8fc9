/*
 * types - the names every layer may mention without including their headers.
 */
#ifndef FG_BASE_TYPES_H
#define FG_BASE_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The result must be looked at. */
#define FG_MUST_USE            __attribute__((warn_unused_result))
#define FG_PRINTF(text, first) __attribute__((format(printf, text, first)))
#define FG_COUNT_OF(array)     (sizeof(array) / sizeof((array)[0]))

typedef struct fg_arena fg_arena_t;
typedef struct fg_error fg_error_t;
typedef struct fg_db fg_db_t;
typedef struct fg_store fg_store_t;
typedef struct fg_gate fg_gate_t;
typedef struct fg_gate_writer fg_gate_writer_t;
typedef struct fg_route fg_route_t;
typedef struct fg_agent fg_agent_t;

#endif
