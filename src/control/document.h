/*
 * document - API definitions as the handlers see them: JSON documents that are read, checked by a
 * table, edited and written back.
 *
 * Shape      A noun is a list of fields (what a create takes, with type and choices) and a patch
 * table (what a PATCH may do). A document is stored in its wire shape, so rendering is mostly
 * handing it out. Ownership  A json_t handed back is a new reference; the caller scopes it with
 * FG_JSON_SCOPED. Rule       reference 1.3 (ValidationException, SerializationException), 3.3
 * (paging), 3.4 (PATCH).
 */
#ifndef FG_CONTROL_DOCUMENT_H
#define FG_CONTROL_DOCUMENT_H

#include "control/patch_table.h"

/* ---- stored documents ---- */

/* What a row holds, a new reference. FG_CORRUPT. */
FG_MUST_USE fg_status_t fg_document_parse(fg_call_t *call, const fg_document_t *row,
                                          json_t **ret_document);
/* FG_NOT_FOUND leaves call->error alone: the noun has its own text. */
FG_MUST_USE fg_status_t fg_document_load(fg_call_t *call, fg_document_kind_t kind, fg_str_t api_id,
                                         fg_str_t id, json_t **ret_document);
/* An empty parent for what has none. */
FG_MUST_USE fg_status_t fg_document_save(fg_call_t *call, fg_document_kind_t kind, fg_str_t api_id,
                                         fg_str_t id, fg_str_t parent_id, const json_t *document);
/* All documents of a kind as an array, oldest first; parent FG_STR_NONE for any. */
FG_MUST_USE fg_status_t fg_document_all(fg_call_t *call, fg_document_kind_t kind, fg_str_t api_id,
                                        fg_str_t parent_id, json_t **ret_array);
/* FG_NOT_FOUND unless it exists. */
FG_MUST_USE fg_status_t fg_document_has(fg_call_t *call, fg_document_kind_t kind, fg_str_t api_id,
                                        fg_str_t id);
/* Changes a document into what a list shows of it; NULL shows it as it is. */
typedef fg_status_t fg_document_view_t(fg_call_t *call, json_t *document);
/* Answer {"item":[...]} with the page the query asks for. */
FG_MUST_USE fg_status_t fg_document_page(fg_call_t *call, fg_document_kind_t kind, fg_str_t api_id,
                                         fg_document_view_t *view);
/* As it is stored. */
fg_document_view_t fg_view_plain;
/* What is taggable, by rule C7: alone it always shows its tags, in a list when there are any. */
fg_document_view_t fg_view_single;
fg_document_view_t fg_view_listed;
/* Is the document asked for? */
typedef bool fg_document_filter_t(fg_call_t *call, const json_t *document);
fg_document_filter_t fg_filter_none; /* None is. */
/* The same of those that `keeps` keeps; reads every document of the kind. */
FG_MUST_USE fg_status_t fg_document_page_of(fg_call_t *call, fg_document_kind_t kind,
                                            fg_str_t api_id, fg_document_filter_t *keeps,
                                            fg_document_view_t *view);
/* FG_LIMIT when `max` documents of the kind are there, told with the plural `nouns`. */
FG_MUST_USE fg_status_t fg_document_room_check(fg_call_t *call, fg_document_kind_t kind,
                                               fg_str_t api_id, uint64_t max, const char *nouns);

/* ---- members ---- */

/* Set a member; steals `value`. False on lack of memory. */
FG_MUST_USE bool fg_member_set(json_t *object, const char *name, json_t *value);
FG_MUST_USE bool fg_member_set_str(json_t *object, const char *name, fg_str_t text);
/* View of a text member, FG_STR_NONE when absent. */
fg_str_t fg_member_str(const json_t *object, const char *name);
bool fg_member_is_true(const json_t *object, const char *name);

/* ---- what a create or a put takes ---- */

typedef enum fg_field_kind {
    FG_FIELD_TEXT,
    FG_FIELD_BOOL,
    FG_FIELD_INTEGER,
    FG_FIELD_DOUBLE,
    FG_FIELD_TEXT_LIST,
    FG_FIELD_TEXT_MAP, /* an absent or null value of an entry stays null */
    FG_FIELD_BOOL_MAP,
    FG_FIELD_OBJECT, /* checked by the noun */
} fg_field_kind_t;

typedef struct fg_field {
    const char *name;
    fg_field_kind_t kind;
    bool is_required;
    const char *choices; /* enumeration as the service prints it: "A, B"; NULL: any text */
} fg_field_t;

/* Copy the members that `fields` names from `input` to `document`, types checked. Absent and null
 * are left out. FG_SERIALIZATION for a wrong type; FG_VALIDATION, all clauses in one text, for a
 * choice or a missing member. */
FG_MUST_USE fg_status_t fg_fields_read(fg_call_t *call, const json_t *input,
                                       const fg_field_t *fields, size_t field_count,
                                       json_t *document);

/* Is `value` one of the choices? */
bool fg_is_choice(const char *choices, fg_str_t value);

/* One failed constraint of the model, alone in its message. `member` is a path below
 * <operation>Input. */
fg_status_t fg_constraint_failed(fg_call_t *call, const char *member, fg_str_t value,
                                 const char *constraint);
/* The same of a label of the path or a parameter of the query, which is named alone. */
fg_status_t fg_label_failed(fg_call_t *call, const char *label, fg_str_t value,
                            const char *constraint);
/* [1-5]\d\d */
bool fg_is_status_code(fg_str_t code);
/* The label statusCode. */
FG_MUST_USE fg_status_t fg_status_code_check(fg_call_t *call, fg_str_t status_code);

/* ---- usual edits of a PATCH (patch_table.h); `noun` is the document ---- */

#define FG_PATCH_MAY_ANY (FG_PATCH_MAY(ADD) | FG_PATCH_MAY(REPLACE) | FG_PATCH_MAY(REMOVE))

/* The member named by the path's first part; for a map and a list its entry named by the second. */
fg_patch_apply_t fg_edit_text; /* remove, an absent or an empty value take the member away */
fg_patch_apply_t fg_edit_bool;
fg_patch_apply_t fg_edit_text_map; /* removing the last entry takes the map away */
fg_patch_apply_t fg_edit_bool_map;
fg_patch_apply_t fg_edit_list; /* of texts; replace takes the element out and appends the value */
/* the list of the first part; its elements are the value, one or several with commas */
fg_patch_apply_t fg_edit_list_values;
/* The entry that a remove or replace speaks of must be there: else 404 `message`. */
FG_MUST_USE fg_status_t fg_edit_needs_entry(fg_call_t *call, const json_t *document,
                                            const fg_patch_t *patch, const char *message);

#endif
