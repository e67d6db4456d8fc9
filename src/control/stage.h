/*
 * stage - what CreateDeployment and CreateDocumentationVersion need of stages.
 *
 * Rule       reference 4.10, 4.11.
 */
#ifndef FG_CONTROL_STAGE_H
#define FG_CONTROL_STAGE_H

#include "control/operation.h"

/* Check the canarySettings and stage members of a CreateDeployment before anything is written. */
FG_MUST_USE fg_status_t fg_stage_deploy_check(fg_call_t *call);
/* Create the stage that the call's stageName names, or point it (its canary, with canarySettings)
 * at the deployment. */
FG_MUST_USE fg_status_t fg_stage_deploy(fg_call_t *call, fg_str_t deployment_id);

/* Let the stage of the call's API show this version of the documentation. 404 without the stage. */
FG_MUST_USE fg_status_t fg_stage_document(fg_call_t *call, fg_str_t stage_name, fg_str_t version);

/* ---- method settings (method_setting.c) ---- */

/* Replace one setting: the path is /<key>/<group>/<setting>. *ret_is_path is false, and nothing
 * changed, when it is none. */
FG_MUST_USE fg_status_t fg_method_setting_replace(fg_call_t *call, json_t *stage,
                                                  const fg_patch_t *patch, bool *ret_is_path);
/* Remove the entry that the path names. */
FG_MUST_USE fg_status_t fg_method_setting_remove(fg_call_t *call, json_t *stage,
                                                 const fg_patch_t *patch);

#endif
