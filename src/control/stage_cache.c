/*
 * stage_cache - Rule ST1: nothing is cached yet, neither answers of backends nor of authorizers, so
 * that both flushes find nothing to drop and only say whether the stage is there.
 */
#include "control/document.h"
#include "control/handlers.h"

fg_status_t fg_stage_cache_flush(fg_call_t *call)
{
    fg_status_t status =
        fg_document_has(call, FG_DOCUMENT_STAGE, call->path_part[0], call->path_part[1]);
    if (status == FG_NOT_FOUND)
        return fg_error_set(call->error, FG_NOT_FOUND, "", "Invalid stage identifier specified");
    return status;
}
