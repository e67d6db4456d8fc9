/*
 * ask - how our own subcommands call the control API: one signed call under /faregate/, its answer
 * parsed, what went wrong said.
 *
 *     fg_wishes_t wishes = {0};
 *     const fg_flag_t flags[] = {FG_ASK_FLAGS(&wishes), {"--plan", "ID", "of the plan", &plan}};
 *     ...
 *     fg_ask_t ask = {"GET", fg_ask_path("/faregate/usageplans/{}/usage", plan)};
 *     fg_ask_query(&ask, "keyId", key);
 *     int code = fg_ask(&wishes, &ask, &answer);
 *
 * Ownership  Texts live in the process's arena; the answer is the caller's.
 */
#ifndef FG_CLI_ASK_H
#define FG_CLI_ASK_H

#include "base/json.h"
#include "context.h"

/* The rows of a subcommand's flags that say whom to ask. */
#define FG_ASK_FLAGS(wishes)                                                                       \
    {"--data-dir", "DIR", "of the running instance", &(wishes)->data_dir},                         \
        {"--endpoint-url", "URL", "its control API; found in the data directory",                  \
         &(wishes)->endpoint},                                                                     \
        {"--profile", "NAME", "credentials of that name", &(wishes)->profile},                     \
    {                                                                                              \
        "--region", "REGION", "region of the signature", &(wishes)->region                         \
    }

typedef struct fg_ask {
    const char *verb;
    fg_str_t path;  /* from fg_ask_path, or a constant */
    fg_str_t query; /* filled by fg_ask_query */
    fg_str_t body;  /* FG_STR_NONE: none */
} fg_ask_t;

/* `pattern` with its one {} filled by `label`, percent-encoded. */
fg_str_t fg_ask_path(const char *pattern, const char *label);
/* Add name=value; nothing for a NULL value. */
void fg_ask_query(fg_ask_t *ask, const char *name, const char *value);
/* FG_EXIT_OK: *ret_answer is a new reference, an empty object when the answer had no body.
 * Otherwise FG_EXIT_REFUSED or FG_EXIT_ERROR, after a line on stderr. */
FG_MUST_USE int fg_ask(const fg_wishes_t *wishes, const fg_ask_t *ask, json_t **ret_answer);
/* The same of a call that looks one thing up: FG_EXIT_NOT_FOUND when it is not there. */
FG_MUST_USE int fg_ask_lookup(const fg_wishes_t *wishes, const fg_ask_t *ask, json_t **ret_answer);
/* Ask, and print the answer on stdout: as it is when `is_json`, else by `print`. */
FG_MUST_USE int fg_ask_show(const fg_wishes_t *wishes, const fg_ask_t *ask, bool is_json,
                            void (*print)(const json_t *answer));
/* Each member of "item" by `print`. On stderr: `none` when there are none, and how to go on when the
 * list ended before its end. */
void fg_ask_print_items(const json_t *answer, const char *none, void (*print)(const json_t *item));

/* For lines on a terminal: a text member without what could steer it, "-" when absent; a time. */
const char *fg_ask_text(const json_t *object, const char *member);
const char *fg_ask_time(const json_t *object, const char *member);

#endif
