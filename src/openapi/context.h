/*
 * context - what the files of this folder share: one reading or writing under way.
 *
 * Failure    A lack of memory is remembered and told once, at the end: whatever could not be put is missing until then.
 */
#ifndef FG_OPENAPI_CONTEXT_H
#define FG_OPENAPI_CONTEXT_H

#include "openapi/openapi.h"

typedef struct fg_openapi {
    bool is_3;
    bool is_documentation_ignored;             /* reading */
    const fg_openapi_write_options_t *options; /* writing */
    const json_t *document;                    /* reading: what is read */
    const json_t *source;                      /* writing: the definition */
    json_t *definition;                        /* reading: what comes of it */
    json_t *documentation; /* writing: the parts that have no place of their own yet */
    json_t *warnings;
    fg_str_t key_scheme,
        iam_scheme; /* writing: names of the security schemes that are not authorizers */
    fg_arena_t *arena;
    fg_error_t *error;
    bool is_out_of_memory;
} fg_openapi_t;

/* One method under way. */
typedef struct fg_openapi_place {
    const char *path; /* of the resource */
    const char *verb; /* GET ... ANY */
} fg_openapi_place_t;

/* ---- members ---- */

/* Steals `value`; NULL is a lack of memory. */
void fg_openapi_put(fg_openapi_t *context, json_t *object, const char *name, json_t *value);
void fg_openapi_put_str(fg_openapi_t *context, json_t *object, const char *name, fg_str_t text);
/* A deep copy of the member, when it is there. */
void fg_openapi_copy(fg_openapi_t *context, json_t *object, const char *name, const json_t *from);
void fg_openapi_copy_all(fg_openapi_t *context, json_t *object, const json_t *from,
                         const char *const *names, size_t name_count);
/* The object behind a member, made when it is not there. Borrowed; NULL on lack of memory. */
json_t *fg_openapi_child(fg_openapi_t *context, json_t *object, const char *name);
void fg_openapi_append(fg_openapi_t *context, json_t *array, json_t *value);
/* View of a text member, FG_STR_NONE when it is absent or no text. */
fg_str_t fg_openapi_text(const json_t *object, const char *name);
const char *fg_openapi_printf(fg_openapi_t *context, const char *format, ...) FG_PRINTF(2, 3);
fg_str_t fg_openapi_upper(fg_openapi_t *context, fg_str_t text);
fg_str_t fg_openapi_lower(fg_openapi_t *context, fg_str_t text);

/* The names of an object in the order of their bytes, in the arena; NULL behind the last. NULL on lack of memory. */
const char **fg_openapi_sorted(fg_openapi_t *context, const json_t *object);

/* ---- trouble ---- */

void fg_openapi_warn(fg_openapi_t *context, const char *format, ...) FG_PRINTF(2, 3);
fg_status_t fg_openapi_refuse(fg_openapi_t *context, const char *place, const char *what);

/* ---- parts, each read and written by one file ---- */

/* What a local reference points at, followed once; the value itself when it is none. Borrowed; NULL when nothing is there. */
const json_t *fg_openapi_resolve(const fg_openapi_t *context, const json_t *value);

/* schema.c: the model that a schema names, made when the schema stands in place. FG_STR_NONE for no schema. `suggestion`
 * names the one that is made. */
fg_str_t fg_openapi_model_of(fg_openapi_t *context, const json_t *schema, const char *suggestion);
void fg_openapi_models_read(fg_openapi_t *context);
void fg_openapi_models_write(fg_openapi_t *context, json_t *document);
json_t *fg_openapi_schema_ref(fg_openapi_t *context, const json_t *model_name); /* new reference */

/* security.c */
FG_MUST_USE fg_status_t fg_openapi_authorizers_read(fg_openapi_t *context);
FG_MUST_USE fg_status_t fg_openapi_security_read(fg_openapi_t *context, const json_t *operation,
                                                 const fg_openapi_place_t *place, json_t *method);
void fg_openapi_schemes_write(fg_openapi_t *context, json_t *document);
void fg_openapi_security_write(fg_openapi_t *context, const json_t *method, json_t *operation);

/* integration.c */
FG_MUST_USE fg_status_t fg_openapi_integration_read(fg_openapi_t *context, const json_t *operation,
                                                    const fg_openapi_place_t *place,
                                                    json_t *method);
void fg_openapi_integration_write(fg_openapi_t *context, const json_t *method, json_t *operation);

/* operation.c */
FG_MUST_USE fg_status_t fg_openapi_operation_read(fg_openapi_t *context, const json_t *item,
                                                  const json_t *operation,
                                                  const fg_openapi_place_t *place, json_t *method);
json_t *fg_openapi_operation_write(fg_openapi_t *context, const json_t *method,
                                   const fg_openapi_place_t *place); /* new reference */

/* documentation.c. A location is {type[, path, method][, statusCode][, name]}. */
json_t *fg_openapi_location(fg_openapi_t *context, const char *type,
                            const fg_openapi_place_t *place, const char *code,
                            const char *name); /* new reference */
/* Take the members `names` of `from` into a part at `location` (stolen), when any is there. */
void fg_openapi_part_read(fg_openapi_t *context, json_t *location, const json_t *from,
                          const char *const *names, size_t name_count);
/* Put the part at `location` (stolen) into `object`, if it is made of `names` alone; it is taken off the list then. */
void fg_openapi_part_write(fg_openapi_t *context, json_t *location, json_t *object,
                           const char *const *names, size_t name_count);
void fg_openapi_documentation_read(fg_openapi_t *context);
void fg_openapi_documentation_write(fg_openapi_t *context, json_t *document);

#endif
