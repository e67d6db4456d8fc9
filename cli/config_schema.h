/*
 * config schema - what a configuration file may say: a table a noun, a row a member.
 *
 * Shape      A file is an object as `fg_config_root` lists it. Every problem is found, not the first
 *            one, and told with its path in the document: "plans[2].quota.period: must be one of
 *            DAY, WEEK, MONTH". A member that is null is absent, and is taken out.
 * Rule       docs/rules/apply.md AP1, AP2; the members are described in docs/apply.md.
 */
#ifndef FG_CLI_CONFIG_SCHEMA_H
#define FG_CLI_CONFIG_SCHEMA_H

#include "base/json.h"
#include "cli.h"

typedef enum fg_config_kind {
    FG_CONFIG_TEXT, /* low and high bound its bytes */
    FG_CONFIG_BOOL,
    FG_CONFIG_INTEGER,
    FG_CONFIG_NUMBER,
    FG_CONFIG_CHOICE,
    FG_CONFIG_TIME, /* a text, or seconds since 1970 */
    FG_CONFIG_TEXT_LIST,
    FG_CONFIG_TEXT_MAP,
    FG_CONFIG_INTEGER_LIST, /* low and high bound its elements */
    FG_CONFIG_OBJECT,       /* of the members of `table` */
    FG_CONFIG_LIST,         /* of such objects */
    FG_CONFIG_MAP,          /* of such objects by a name */
    FG_CONFIG_ANY_OBJECT,   /* whose members the service checks */
} fg_config_kind_t;

typedef struct fg_config_table fg_config_table_t;

typedef struct fg_config_member {
    const char *name;
    fg_config_kind_t kind;
    bool is_required;
    double low, high;
    const char *choices; /* "DAY, WEEK, MONTH" */
    const fg_config_table_t *table;
} fg_config_member_t;

struct fg_config_table {
    const fg_config_member_t *members;
    size_t count;
};

extern const fg_config_table_t fg_config_root;

/* Check `document` and append a text to the array `problems` for each thing that is wrong. */
void fg_config_check(const fg_config_table_t *table, json_t *document, json_t *problems);
/* Append "path: what is wrong"; an empty path is the file as a whole. */
void fg_config_problem(json_t *problems, const char *path, const char *format, ...) FG_PRINTF(3, 4);
/* The name among `count` names, each `stride` bytes behind the other, that `word` may have meant;
 * NULL when none is near. */
const char *fg_config_nearest(const char *word, const char *const *names, size_t count,
                              size_t stride);

#endif
