/*
 * reason - what the reason codes of refusals mean, in words.
 *
 * Shape      One list, reasons.def, with a row for each code of a verdict and of the module.
 * Ownership  Texts are static.
 * Rule       docs/rules/explain.md E2: every code has a sentence.
 */
#ifndef FG_GATE_REASON_H
#define FG_GATE_REASON_H

#include "base/str.h"

typedef struct fg_reason {
    const char *code;
    const char *limit;    /* what was at its end; NULL for a refusal that is none of a limit */
    const char *sentence; /* what happened; may be shown to the caller */
    const char *remedy;   /* what the operator can do */
} fg_reason_t;

/* The list, in its order. */
extern const fg_reason_t fg_reasons[];
extern const size_t fg_reason_count;

/* NULL for a code of another version. */
const fg_reason_t *fg_reason_find(fg_str_t code);

#endif
