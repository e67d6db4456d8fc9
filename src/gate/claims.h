/*
 * claims - lines of a table that are found by hash, claimed by who needs one, and taken back by the
 *          daemon when they lie idle.
 *
 * Shape      Lines of one size in the gate, each with an id, one atomic word (claims.c tells how it
 *            is built). All zero is a line that never was claimed.
 * Ownership  A claim points into the gate. It is good for one decision: use the line, then ask
 *            fg_gate_claim_stands, and take back what was done when it says no.
 * Threads    Any number of workers find and claim, lock-free; one writer sweeps.
 */
#ifndef FG_GATE_CLAIMS_H
#define FG_GATE_CLAIMS_H

#include "gate/gate.h"

#include <stdatomic.h>

typedef struct fg_gate_claims {
    char *first; /* line; its id is its first word */
    size_t line_bytes;
    uint32_t mask;   /* lines, less 1 */
    uint32_t probes; /* lines in which a name may stand */
    _Atomic uint64_t
        *used; /* lines that are not free; a process that dies leaves it a little off */
} fg_gate_claims_t;

typedef struct fg_gate_claim {
    _Atomic uint64_t *id; /* NULL: none */
    uint64_t seen;
    uint32_t index; /* of the line */
} fg_gate_claim_t;

typedef enum fg_gate_found {
    FG_GATE_FOUND,
    FG_GATE_FULL,      /* the neighbourhood is */
    FG_GATE_CONTENDED, /* too many lost rounds */
} fg_gate_found_t;

/* A word that stands for `count` others, spread over 64 bits; `salt` keeps it from being guessed. */
uint64_t fg_gate_hash(uint64_t salt, const uint64_t *words, size_t count);
/* The name that a line of this hash has in its id. */
uint64_t fg_gate_claim_name(uint64_t id_or_hash);

/* How often the line of this id was taken back: another turn is another owner, or a new beginning. */
uint64_t fg_gate_claim_turn(uint64_t id);

/* The line of this hash, claimed when it is new. */
fg_gate_found_t fg_gate_claim_find(const fg_gate_claims_t *claims, uint64_t hash,
                                   fg_gate_claim_t *ret_claim);
/* Asked after the line was used: does it still belong to the claim? Then what was done in it
 * counts. */
FG_MUST_USE bool fg_gate_claim_stands(const fg_gate_claim_t *claim);

/* What the sweep must know of a kind of line. */
typedef struct fg_gate_sweeper {
    bool (*is_idle)(void *ctx, uint32_t index); /* nothing is lost with the line */
    void (*clear)(void *ctx, uint32_t index);   /* nobody owns it at that moment; NULL: leave it */
    void *ctx;
} fg_gate_sweeper_t;

/* Mark the line when it is idle, free it when it was marked before and `may_free`. True when it was
 * not free. */
bool fg_gate_claim_sweep(const fg_gate_claims_t *claims, uint32_t index, bool may_free,
                         const fg_gate_sweeper_t *sweeper);

#endif
