/*
 * stage - a stage and the deployment it points at, compiled into a route snapshot.
 *
 * Shape      Reads the STAGE document and the snapshot inside its DEPLOYMENT document, puts the
 * stage variables into the integration URIs, works out the method settings in force for each
 * method, and hands the lot to fg_route_build. Ownership  Everything made on the way lives in the
 * caller's arena; nothing is kept. Threads    Under faregated's lock, like every use of the store;
 * `resolve` therefore must not block. Rule       T2 (the stage's method setting), K4
 * (apiKeySource); reference 4.11 (method settings), 6.5, 6.9, 6.11, 6.17.
 */
#ifndef FG_AGENT_STAGE_H
#define FG_AGENT_STAGE_H

#include "base/arena.h"
#include "route/route.h"
#include "store/store.h"

typedef struct fg_stage_compile {
    fg_str_t api_id, stage_name;
    uint32_t stage_index; /* of the stage in the gate */
    uint64_t revision;    /* rises with every compilation of this stage */
    const char *region, *account_id;
    int quota_exceeded_status; /* 403 or 429. Rule Q2 */
    /* Addresses already known for a backend name, at most `room` (FG_BACKEND_ADDRESSES_MAX); 0 when
     * there are none yet. Called for each HTTP_PROXY method, so once or more for every distinct
     * (host, port) of the stage: who wants the list of backends collects it here. NULL: nothing
     * resolves. */
    size_t (*resolve)(void *ctx, fg_str_t host, uint16_t port, fg_route_address_t *ret_addresses,
                      size_t room);
    void *resolve_ctx;
} fg_stage_compile_t;

/* Build the snapshot of one stage at `path` (written beside, then renamed).
 * FG_NOT_FOUND when the stage or its deployment is gone (nothing is written); FG_CORRUPT when a
 * document cannot be read; else what the store or fg_route_build report. What is not served yet
 * never opens a door: a method with an authorizationType other than NONE is denied, an integration
 * type other than MOCK and HTTP_PROXY answers 500, and so does an HTTP_PROXY whose URI is none once
 * the stage variables are in. */
FG_MUST_USE fg_status_t fg_stage_compile(fg_store_t *store, const fg_stage_compile_t *options,
                                         fg_arena_t *arena, const char *path, fg_error_t *reterr);

#endif
