/*
 * method - the way into a resource document: method, responses and integration live inside it.
 *
 * Shape      One function loads the resource and finds the method, one writes it back. Path parts
 * of every operation below a method: API, resource, verb[, status code]. Ownership  `resource` is a
 * new reference that fg_method_done drops; the others are borrowed from it. Rule reference 4.8, 4.9
 * (which 404 says what).
 */
#ifndef FG_CONTROL_METHOD_H
#define FG_CONTROL_METHOD_H

#include "control/document.h"

typedef struct fg_method_place {
    json_t *resource;
    json_t *method;      /* NULL: the resource has none for the verb */
    json_t *integration; /* NULL: the method has none */
    const char *verb;
} fg_method_place_t;

#define FG_METHOD_SCOPED __attribute__((cleanup(fg_method_done))) fg_method_place_t
void fg_method_done(fg_method_place_t *place);

/* The resource of the call, and what it has of the method. 404 without the resource. */
FG_MUST_USE fg_status_t fg_method_find(fg_call_t *call, fg_method_place_t *ret_place);
/* The same, 404 without the method too. */
FG_MUST_USE fg_status_t fg_method_load(fg_call_t *call, fg_method_place_t *ret_place);
/* The same, 404 without the integration too. */
FG_MUST_USE fg_status_t fg_integration_load(fg_call_t *call, fg_method_place_t *ret_place);
/* Write the resource back. */
FG_MUST_USE fg_status_t fg_method_save(fg_call_t *call, const fg_method_place_t *place);

/* GET, PUT, POST, DELETE, PATCH, OPTIONS, HEAD, ANY; else 400. */
FG_MUST_USE fg_status_t fg_method_verb_check(fg_call_t *call, fg_str_t verb);

/* Every model that a map from media type to model names exists; else 400. `models` may be NULL. */
FG_MUST_USE fg_status_t fg_method_models_check(fg_call_t *call, json_t *models);

/* Every method of an API, until one is answered by anything but FG_OK. */
typedef fg_status_t fg_method_each_t(fg_call_t *call, void *ctx, const char *path, const char *verb,
                                     const json_t *method);
FG_MUST_USE fg_status_t fg_methods_each(fg_call_t *call, fg_str_t api_id, fg_method_each_t *each,
                                        void *ctx);

/* The responses of a method or an integration: a map from status code. `owner` holds it under
 * `map_name`. */
/* borrowed; 404 */
FG_MUST_USE fg_status_t fg_response_find(fg_call_t *call, const json_t *owner, const char *map_name,
                                         json_t **ret_response);
bool fg_response_has(fg_call_t *call, const json_t *owner, const char *map_name);
/* Put the call's response in; steals `response`. */
FG_MUST_USE fg_status_t fg_response_set(fg_call_t *call, json_t *owner, const char *map_name,
                                        json_t *response);
/* Take it out; the empty map leaves with it. 404 when it is not there. */
FG_MUST_USE fg_status_t fg_response_delete(fg_call_t *call, json_t *owner, const char *map_name);

#endif
