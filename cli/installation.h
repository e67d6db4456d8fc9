/*
 * installation - what a running Faregate has, as a configuration (config.h), and by which ids.
 *
 * Shape      Entries have "id", "owner" (who manages them by rule AP4), APIs also "recorded" (the
 *            text of their definition tag) and "definition", stages "isCurrent" and "hasCanary".
 * Ownership  fg_installation_read fills a zeroed struct, fg_installation_release drops it, read or
 *            not.
 */
#ifndef FG_CLI_INSTALLATION_H
#define FG_CLI_INSTALLATION_H

#include "caller.h"
#include "config.h"

typedef struct fg_installation {
    json_t *named[FG_CONFIG_NOUN_COUNT]; /* name -> entry, of APIs, plans and keys */
    json_t *every[FG_CONFIG_NOUN_COUNT]; /* the same entries and those that share a name */
    json_t *account;                     /* entry */
    bool are_values_withheld;            /* the installation keeps hashes of key values alone */
} fg_installation_t;

typedef struct fg_installation_wishes {
    /* by name, those whose stages are read, true: the definition as well; NULL: all of all */
    const json_t *apis;
    /* Keys by name, those that are read; NULL: all. Few are asked for one by one, so that a million
     * others cost nothing. */
    const json_t *keys;
    const char *owner; /* whose keys are read as well; NULL: nobody's */
    bool with_values;
} fg_installation_wishes_t;

/* False with caller->problem. */
FG_MUST_USE bool fg_installation_read(fg_caller_t *caller, const fg_installation_wishes_t *wishes,
                                      fg_installation_t *ret_installation);
void fg_installation_release(fg_installation_t *installation);
/* The entry of that name, NULL when there is none. Borrowed. */
json_t *fg_installation_find(const fg_installation_t *installation, fg_config_noun_t noun,
                             const char *name);
/* The ids of all that have the name: "a1b2c3, d4e5f6"; NULL unless there are several. */
const char *fg_installation_namesakes(const fg_installation_t *installation, fg_config_noun_t noun,
                                      const char *name);
/* Put a new thing in; steals nothing. */
void fg_installation_add(fg_installation_t *installation, fg_config_noun_t noun, json_t *entry);
/* A member of an entry as text, NULL when absent. Borrowed. */
const char *fg_entry_text(const json_t *entry, const char *member);
/* "faregate" with names for ids, or the other way: what has no counterpart stays. New references. */
json_t *fg_extension_named(const fg_installation_t *installation, const json_t *faregate);
json_t *fg_extension_numbered(const fg_installation_t *installation, const json_t *faregate);

#endif
