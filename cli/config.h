/*
 * config - a configuration in one form, be it what a file wants or what an installation has.
 *
 * Shape      Things stand under their names: {"apis": {NAME: entry}, "plans": .., "keys": ..,
 *            "account": entry}. An entry is {"name", "members"} and, as far as its noun has them,
 *            "stages" {NAME: entry}, "definition", "deploy", "value", "id", "owner", "recorded",
 *            "isCurrent". Members are complete: what a file leaves out has its default, so that two
 *            entries that mean the same are equal. Names stand for ids everywhere:
 *            a plan's "apiStages" are {"weather:prod": {"throttle": {..}}}, a key's "plans"
 *            {"free": true}, "faregate" has "shadowPlan" and "overrides" by the plan's name.
 * Ownership  JSON as marked; texts live in the process's arena.
 * Rule       docs/rules/apply.md.
 */
#ifndef FG_CLI_CONFIG_H
#define FG_CLI_CONFIG_H

#include "base/json.h"
#include "cli.h"

typedef enum fg_config_noun {
    FG_CONFIG_ACCOUNT,
    FG_CONFIG_API,
    FG_CONFIG_STAGE,
    FG_CONFIG_PLAN,
    FG_CONFIG_KEY,
    FG_CONFIG_NOUN_COUNT
} fg_config_noun_t;

/* Tags that begin so are apply's own (rule AP4): they are no members. */
#define FG_CONFIG_TAG_PREFIX     "faregate:"
#define FG_CONFIG_TAG_OWNER      FG_CONFIG_TAG_PREFIX "managed-by"
#define FG_CONFIG_TAG_DEFINITION FG_CONFIG_TAG_PREFIX "definition"

/* "plan", and "plans", the member of a file and a configuration that holds them. */
const char *fg_config_noun_text(fg_config_noun_t noun);
const char *fg_config_list_name(fg_config_noun_t noun);

/* The members of an entry out of what a file or an answer of the service says, which have the same
 * names but for those that hold ids or lists of things. New reference. */
json_t *fg_config_members(fg_config_noun_t noun, const json_t *given);
/* The reverse: the members that are not as they are by default. New reference. */
json_t *fg_config_told(fg_config_noun_t noun, const json_t *members);
/* {"name", "members"}; steals `members`. New reference. */
json_t *fg_config_entry(const char *name, json_t *members);
/* "weather:prod" */
const char *fg_config_stage_name(const char *api, const char *stage);
/* The other way: the API's name; *ret_stage points behind the last colon. */
const char *fg_config_stage_cut(const char *text, const char **ret_stage);
/* Equal, numbers by their value. */
bool fg_config_same(const json_t *a, const json_t *b);
/* Append to `changes` {"path", "old", "new"} for each member that differs; null for one that is not
 * there. */
void fg_config_compare(const json_t *wanted, const json_t *found, json_t *changes);
/* SHA-256 of the value, members sorted, as 64 hexadecimal digits. */
const char *fg_config_hash(const json_t *value);

/* The configuration that the file at `path` describes, checked in itself; what is wrong goes to the
 * array `problems`. "name" is the owner, absent without one. New reference, NULL after a problem. */
json_t *fg_config_read_file(const char *path, json_t *problems);

#endif
