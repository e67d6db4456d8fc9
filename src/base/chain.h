/*
 * chain - records that cannot be changed, left out or put in another order unnoticed: each carries
 * its own hash and that of the record before.
 *
 * Shape      A record is a JSON object of texts and whole numbers. Its canonical text is the object
 *            without the members `hash` and `signature`, members in the order of their names,
 *            compact; `hash` is the SHA-256 of that in hexadecimal, `previousHash` (part of the
 *            text) is the hash of the record before.
 * Rule       docs/rules/billing.md B2.
 */
#ifndef FG_BASE_CHAIN_H
#define FG_BASE_CHAIN_H

#include "base/json.h"

enum { FG_CHAIN_HASH_BYTES = 64 }; /* hexadecimal digits */

/* The previousHash of the first record of all: zeros. */
extern const char fg_chain_start[FG_CHAIN_HASH_BYTES + 1];

/* Set previousHash and hash. False on lack of memory. */
FG_MUST_USE bool fg_chain_link(json_t *record, fg_str_t previous_hash);
/* Is the record as it was linked, behind the one with that hash? */
bool fg_chain_holds(const json_t *record, fg_str_t previous_hash);
/* The hash of a linked record; borrowed from it, FG_STR_NONE when it has none. */
fg_str_t fg_chain_hash(const json_t *record);

#endif
