/*
 * key_noun - what the operations on API keys share: checking, showing.
 *
 * Rule       docs/rules/control.md K2, K3, K9; keys.md K11, K12; extensions.md E1, E4.
 */
#ifndef FG_CONTROL_KEY_NOUN_H
#define FG_CONTROL_KEY_NOUN_H

#include "control/noun.h"

enum { FG_KEY_VALUE_ID_BYTES = 16 };

/* 404 Invalid API Key identifier specified */
fg_status_t fg_key_absent(fg_call_t *call);
/* 409 API Key already exists */
fg_status_t fg_key_exists(fg_call_t *call);
/* The service's members of the call's body. */
fg_status_t fg_key_parse(fg_call_t *call, fg_api_key_t *key);
/* New object in *ret_object. The newest value is shown when `key` has it, the others when the call
 * asks for values. */
fg_status_t fg_key_render(fg_call_t *call, const fg_api_key_t *key, fg_tags_show_t show,
                          json_t **ret_object);
/* What names a value without telling it: of the digest, in hexadecimal. */
void fg_key_value_id(fg_digest_t digest, char ret_id[FG_KEY_VALUE_ID_BYTES + 1]);
/* Bounds of name and description, with the service's texts. */
fg_status_t fg_key_texts_check(fg_call_t *call, const fg_api_key_t *key);
/* The extension `after`, given that `before` was in order. */
fg_status_t fg_key_extension_check(fg_call_t *call, fg_str_t before, fg_str_t after);
/* Is there room for `keys` more keys, `stored` of which the open transaction has already written, and
 * `pairs` more pairs? FG_LIMIT, FG_FULL. */
FG_MUST_USE fg_status_t fg_key_room_check(fg_call_t *call, uint64_t keys, uint64_t stored,
                                          uint64_t pairs);
/* A value is checked when it is given, generated when it is absent or empty. */
fg_status_t fg_key_value_settle(fg_call_t *call, fg_str_t *value);

#endif
