/*
 * noun - field tables: the wire name, the member and the type of each property of a struct, in one
 * row.
 *
 * Shape      The same rows read a body into the struct and write the struct as an answer.
 * Ownership  What is read are views into the call's input or texts in its arena.
 * Rule       docs/rules/control.md C4 (wrong types), C7 (absent members are left out; tags).
 */
#ifndef FG_CONTROL_NOUN_H
#define FG_CONTROL_NOUN_H

#include "control/operation.h"

typedef enum fg_noun_type {
    FG_NOUN_STR,    /* fg_str_t; left out of answers when absent or empty */
    FG_NOUN_BOOL,   /* bool */
    FG_NOUN_I64,    /* int64_t */
    FG_NOUN_DOUBLE, /* double, always with a fraction */
    FG_NOUN_TIME,   /* fg_wall_t, whole seconds */
    FG_NOUN_TAGS,   /* fg_str_t, a JSON object of texts; written by fg_tags_render alone */
} fg_noun_type_t;

typedef enum fg_noun_use { FG_NOUN_INOUT, FG_NOUN_IN, FG_NOUN_OUT } fg_noun_use_t;

typedef struct fg_noun_field {
    const char *name;
    fg_noun_type_t type;
    size_t offset;
    fg_noun_use_t use;
} fg_noun_field_t;

/* Read the members that are there; the others keep what `noun` holds. `object` may be NULL: nothing
 * is there. */
fg_status_t fg_noun_parse(fg_call_t *call, const fg_noun_field_t *fields, size_t count,
                          const json_t *object, void *noun);
/* New object; NULL without memory. */
json_t *fg_noun_render(const fg_noun_field_t *fields, size_t count, const void *noun);

/* Rule C7, reference 3.5: create echoes tags if they were given, get and update always show them,
 * lists when there are any. */
typedef enum fg_tags_show { FG_TAGS_IF_GIVEN, FG_TAGS_ALWAYS, FG_TAGS_IF_ANY } fg_tags_show_t;
bool fg_tags_render(fg_call_t *call, json_t *object, fg_str_t tags, fg_tags_show_t show);
/* Names, values and their number; `tags` is an object or NULL. */
FG_MUST_USE fg_status_t fg_tags_check(fg_call_t *call, json_t *tags);

/* FG_NO_MEMORY with its text. */
fg_status_t fg_call_no_memory(fg_call_t *call);
/* Hand `items` (stolen; NULL for no memory) out as {"item":[...]}, with the position when there is
 * a next page. */
fg_status_t fg_call_page_answer(fg_call_t *call, json_t *items, bool has_more,
                                int64_t last_ordinal);
/* The page of `all` that the query asks for; an item's position is its place. */
fg_status_t fg_call_page_of(fg_call_t *call, const json_t *all);

#endif
