/*
 * operation - a row of the operations table and what a handler is given.
 *
 * Rule       the published service model 2015-07-09: name, verb, path and success code (checked by a test).
 */
#ifndef FG_CONTROL_OPERATION_H
#define FG_CONTROL_OPERATION_H

#include "control/control.h"

enum { FG_PATH_PARTS_MAX = 4 };

/* What the credential that signed a call may do (control/role.h). */
typedef enum fg_role {
    FG_ROLE_ADMIN,
    FG_ROLE_READ_ONLY,
    FG_ROLE_KEYS_ONLY,
    FG_ROLE_PORTAL,
    FG_ROLE_COUNT /* a role of a later version: may do nothing */
} fg_role_t;

typedef struct fg_call {
    fg_control_t *control;
    fg_store_t *store;
    fg_arena_t *arena;
    fg_now_t now;
    fg_random_t random;
    const struct fg_operation *operation;
    fg_str_t path_part[FG_PATH_PARTS_MAX]; /* decoded, in the order of the {} in the row's path */
    const fg_pair_t *query;                /* decoded; repeated names repeat */
    size_t query_count;
    const fg_pair_t *headers; /* of the request */
    size_t header_count;
    fg_str_t path;                         /* raw */
    fg_str_t access_key_id; /* that signed the call; FG_STR_NONE for an unsigned one */
    fg_role_t role;         /* of that credential; an unsigned call is an admin's */
    fg_str_t request_id;
    fg_str_t body;  /* raw bytes */
    json_t *input;  /* borrowed: the parsed body object; NULL when the operation takes none */
    json_t *output; /* owned by the call: set by the handler (a new reference); NULL: empty body */
    /* instead of output: the body as it is, in the arena, and its Content-Type; FG_STR_NONE */
    fg_str_t output_bytes, output_type;
    /* owned by the call: what stands on record (audit.h); NULL: nothing */
    json_t *audit_before, *audit_after;
    fg_response_t *response; /* for fg_call_header_add alone */
    fg_error_t *error; /* fill and return the status to fail */
    bool are_values_hidden; /* whoever asks sees no key value (rule CR4) */
    /* a key value was to be shown and is not, because the store cannot give it back (rule K12) or
     * are_values_hidden: the answer says so */
    bool is_value_withheld;
} fg_call_t;

/* Runs inside the transaction (WRITE) or outside (READ, WAIT). A status other than FG_OK rolls back; FG_NOT_FOUND without a
 * message answers the noun's own text only if the handler set it: always use fg_error_set(call->error, ...). */
typedef fg_status_t fg_handler_t(fg_call_t *call);

typedef enum fg_operation_body {
    FG_BODY_NONE,
    FG_BODY_JSON,
    FG_BODY_PATCH,
    FG_BODY_RAW
} fg_operation_body_t;

typedef struct fg_operation {
    const char *name;  /* "CreateUsagePlan" */
    const char *verb;  /* "POST" */
    const char *path;  /* "/usageplans/{}/keys/{}" */
    const char *query; /* "mode=import" for the import variants, else NULL */
    int status;        /* on success */
    bool is_write, may_wait;
    fg_operation_body_t body;
    fg_handler_t *handler; /* NULL: 501 */
} fg_operation_t;

/* The table: operations.def, then what is ours, extensions.def. */
extern const fg_operation_t fg_operations[];
extern const size_t fg_operation_count;

/* A header of a good answer; the value lives in the arena or is a constant. */
void fg_call_header_add(fg_call_t *call, const char *name, fg_str_t value);
/* A header of the request, whatever its case; FG_STR_NONE when absent. */
fg_str_t fg_call_header(const fg_call_t *call, const char *name);
/* Query parameter by name; FG_STR_NONE when absent. */
fg_str_t fg_call_query(const fg_call_t *call, const char *name);
/* Page size of `limit` (default 25; out of 1 to 500 counts as absent) and the decoded `position`
 * (0 when absent; FG_BAD_REQUEST when it is none of ours). Reference 3.3. */
fg_status_t fg_call_page(fg_call_t *call, size_t *ret_limit, int64_t *ret_after);
/* The opaque text of a position. */
json_t *fg_position_new(fg_call_t *call, int64_t ordinal); /* new reference */
/* A string member of `object`: FG_STR_NONE when absent or null; FG_SERIALIZATION with the service's text for other types. */
fg_status_t fg_input_str(fg_call_t *call, const json_t *object, const char *member,
                         fg_str_t *ret_text);
/* absent: untouched */
fg_status_t fg_input_bool(fg_call_t *call, const json_t *object, const char *member,
                          bool *ret_value);
fg_status_t fg_input_i64(fg_call_t *call, const json_t *object, const char *member, bool *ret_has,
                         int64_t *ret_value);
fg_status_t fg_input_double(fg_call_t *call, const json_t *object, const char *member,
                            bool *ret_has, double *ret_value);
/* borrowed, NULL when absent */
fg_status_t fg_input_object(fg_call_t *call, const json_t *object, const char *member,
                            json_t **ret_object);

/* ---- PATCH ---- */
typedef enum fg_patch_op {
    FG_PATCH_ADD,
    FG_PATCH_REMOVE,
    FG_PATCH_REPLACE,
    FG_PATCH_MOVE,
    FG_PATCH_COPY,
    FG_PATCH_TEST
} fg_patch_op_t;
enum { FG_PATCH_PARTS_MAX = 16 };
typedef struct fg_patch {
    fg_patch_op_t op;
    fg_str_t path;  /* as given; FG_STR_NONE when absent */
    fg_str_t value; /* FG_STR_NONE when absent or null */
    fg_str_t from;
    fg_str_t part[FG_PATCH_PARTS_MAX]; /* path cut at slashes, ~1 and ~0 undone */
    size_t part_count;
} fg_patch_t;
/* The call's patchOperations, checked against the model's constraints (ValidationException for a bad op). */
fg_status_t fg_call_patches(fg_call_t *call, fg_patch_t **ret_patches, size_t *ret_count);
/* Rule C6: is the list empty or absent? */
bool fg_call_patches_nothing(const fg_call_t *call);
const char *fg_patch_op_text(fg_patch_op_t op);
/* "true" in any case is true, all else false. Reference 3.4. */
bool fg_patch_bool(fg_str_t value);

/* ---- errors with the service's texts ---- */
/* 404 Invalid API identifier specified <account>:<id> */
fg_status_t fg_call_no_api(fg_call_t *call, fg_str_t api_id);
/* An id of `length`; FG_INTERNAL without randomness. The text lives in the arena. */
fg_status_t fg_call_new_id(fg_call_t *call, size_t length, fg_str_t *ret_id);
/* 404 unless the REST API exists (its document is handed back, parsed, a new reference, when ret_api is not NULL). */
fg_status_t fg_call_api(fg_call_t *call, fg_str_t api_id, json_t **ret_api);

#endif
