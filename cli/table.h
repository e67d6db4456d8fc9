/*
 * table - the commands of the control API, from the operations table and the parameter rows.
 *
 * Shape      `create-usage-plan` is the row CreateUsagePlan; nothing here knows an operation by
 * name. Ownership  Everything is constant and lives as long as the program.
 */
#ifndef FG_CLI_TABLE_H
#define FG_CLI_TABLE_H

#include "cli.h"

typedef enum fg_kind {
    FG_KIND_STRING,
    FG_KIND_INTEGER,
    FG_KIND_DOUBLE,
    FG_KIND_BOOLEAN,
    FG_KIND_BLOB,
    FG_KIND_LIST,
    FG_KIND_MAP,
    FG_KIND_STRUCTURE,
} fg_kind_t;

typedef enum fg_place {
    FG_PLACE_PATH,
    FG_PLACE_QUERY,
    FG_PLACE_QUERY_MAP, /* a map spread over the query */
    FG_PLACE_HEADER,
    FG_PLACE_BODY,
    FG_PLACE_PAYLOAD, /* the body is these bytes */
} fg_place_t;

typedef struct fg_shape {
    const char *name;
    fg_kind_t kind;
    const char *of; /* shape of a list's elements or a map's values */
} fg_shape_t;

typedef struct fg_parameter {
    const char *operation;
    const char *option; /* "rest-api-id" */
    const char *member; /* "restApiId": in --cli-input-json */
    fg_place_t place;
    const char *wire;
    const char *shape;
    bool is_required;
} fg_parameter_t;

typedef struct fg_command {
    const char *operation; /* "CreateUsagePlan" */
    const char *verb;
    const char *path;  /* "/usageplans/{}" */
    const char *query; /* what the row always asks for; NULL: nothing */
    bool has_body;
    bool is_built; /* false: the service answers that it cannot do it yet */
} fg_command_t;

extern const fg_command_t fg_commands[];
extern const size_t fg_command_count;

/* "create-usage-plan", in the process's arena. */
const char *fg_command_word(const fg_command_t *command);
/* NULL when there is none. */
const fg_command_t *fg_command_find(const char *word);
/* The command whose word is nearest by edits; NULL when none is near enough to be meant. */
const fg_command_t *fg_command_nearest(const char *word);
/* The rows of a command lie side by side; *ret_count of them. */
const fg_parameter_t *fg_command_parameters(const fg_command_t *command, size_t *ret_count);
const fg_parameter_t *fg_parameter_find(const fg_command_t *command, fg_str_t option);
/* Never NULL: a row that names no shape is a bug. */
const fg_shape_t *fg_shape_find(const char *name);
/* The shape of a structure's member; NULL when it has none of that name. */
const fg_shape_t *fg_shape_member(const fg_shape_t *shape, fg_str_t name);
/* The names of a structure's members, separated by ", ". */
const char *fg_shape_members(const fg_shape_t *shape);
/* The n-th member's name and shape; false behind the last. */
bool fg_shape_member_at(const fg_shape_t *shape, size_t index, const char **ret_name,
                        const fg_shape_t **ret_shape);
/* True when the command lists pages: the wire name and the output name of what it lists. */
bool fg_command_items(const fg_command_t *command, const char **ret_wire, const char **ret_member);
/* A member of answers that is a time. */
bool fg_is_timestamp(const char *name);

#endif
