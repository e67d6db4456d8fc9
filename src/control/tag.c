/*
 * tag - TagResource, UntagResource and GetTags, docs/rules/tags.md. What an ARN names is found by its
 * path; keys and plans keep their tags in a column, every other noun in its document.
 */
#include "control/document.h"
#include "control/handlers.h"
#include "control/key_noun.h"
#include "control/plan_noun.h"

/* What is tagged, loaded. `tags` is owned; the rest is what it takes to write them back. */
typedef struct target {
    const struct noun *noun;
    fg_str_t part[2]; /* what the {} of the noun's path stand for */
    json_t *tags;
    fg_document_t row;
    fg_api_key_t key;
    fg_usage_plan_t plan;
} target_t;

typedef struct noun {
    const char *path; /* of the ARN, cut and compared like a row's */
    fg_status_t (*load)(fg_call_t *call, target_t *target);
    fg_status_t (*save)(fg_call_t *call, target_t *target);
    fg_document_kind_t kind; /* of documents */
    const char *absent;      /* 404; NULL: the API's own text */
} noun_t;

#define TARGET_SCOPED __attribute__((cleanup(target_done))) target_t
static void target_done(target_t *target)
{
    json_decref(target->tags);
}

/* ---- documents ---- */

static fg_status_t row_load(fg_call_t *call, target_t *target, fg_str_t api_id, fg_str_t id)
{
    fg_status_t status = fg_store_document_get(call->store, target->noun->kind, api_id, id,
                                               call->arena, &target->row, call->error);
    if (status == FG_NOT_FOUND)
        return target->noun->absent ? fg_error_set(call->error, FG_NOT_FOUND, "resourceArn", "%s",
                                                   target->noun->absent)
                                    : fg_call_no_api(call, id);
    FG_JSON_SCOPED *document = NULL;
    if (status == FG_OK)
        status = fg_document_parse(call, &target->row, &document);
    if (status == FG_OK)
        target->tags = json_incref(json_object_get(document, "tags"));
    return status;
}

static fg_status_t document_load(fg_call_t *call, target_t *target)
{
    return row_load(call, target, FG_STR(""), target->part[0]);
}

static fg_status_t stage_load(fg_call_t *call, target_t *target)
{
    return row_load(call, target, target->part[0], target->part[1]);
}

/* A private domain's ARN has its id behind the name: <name>+<id>. */
static fg_status_t domain_load(fg_call_t *call, target_t *target)
{
    fg_str_t rest = target->part[0];
    return row_load(call, target, FG_STR(""), fg_str_cut(&rest, '+'));
}

/* An access association goes by its whole ARN. */
static fg_status_t association_load(fg_call_t *call, target_t *target)
{
    return row_load(call, target, FG_STR(""), call->path_part[0]);
}

static fg_status_t document_save(fg_call_t *call, target_t *target)
{
    FG_JSON_SCOPED *document = NULL;
    const fg_document_t *row = &target->row;
    fg_status_t status = fg_document_parse(call, row, &document);
    if (status != FG_OK)
        return status;
    if (json_object_size(target->tags) == 0) /* a stage without tags shows none */
        json_object_del(document, "tags");
    else if (json_object_set(document, "tags", target->tags) != 0)
        return fg_call_no_memory(call);
    return status == FG_OK
               ? fg_document_save(call, row->kind, row->api_id, row->id, row->parent_id, document)
               : status;
}

/* ---- columns ---- */

static fg_status_t column_read(fg_call_t *call, fg_str_t column, target_t *target)
{
    if (!column.at)
        return FG_OK;
    target->tags = fg_json_parse(column, call->error);
    return target->tags ? FG_OK : call->error->status;
}

static fg_status_t column_write(fg_call_t *call, const target_t *target, fg_str_t *ret_column)
{
    *ret_column = fg_json_render(target->tags, call->arena);
    return ret_column->at ? FG_OK : fg_call_no_memory(call);
}

static fg_status_t key_load(fg_call_t *call, target_t *target)
{
    fg_status_t status = fg_store_key_get(call->store, target->part[0], false, call->arena,
                                          &target->key, call->error);
    if (status == FG_NOT_FOUND)
        return fg_key_absent(call);
    return status == FG_OK ? column_read(call, target->key.tags, target) : status;
}

static fg_status_t key_save(fg_call_t *call, target_t *target)
{
    fg_status_t status = column_write(call, target, &target->key.tags);
    return status == FG_OK
               ? fg_store_key_update(call->store, &target->key, FG_STR_NONE, call->error)
               : status;
}

static fg_status_t plan_load(fg_call_t *call, target_t *target)
{
    fg_status_t status = fg_plan_load(call, target->part[0], &target->plan);
    return status == FG_OK ? column_read(call, target->plan.tags, target) : status;
}

static fg_status_t plan_save(fg_call_t *call, target_t *target)
{
    fg_status_t status = column_write(call, target, &target->plan.tags);
    return status == FG_OK ? fg_store_plan_update(call->store, &target->plan, call->error) : status;
}

/* ---- ARNs. Rule TG2 ---- */

static const noun_t nouns[] = {
    {"/restapis/{}", document_load, document_save, FG_DOCUMENT_REST_API, NULL},
    {"/restapis/{}/stages/{}", stage_load, document_save, FG_DOCUMENT_STAGE,
     "Invalid stage identifier specified"},
    {"/apikeys/{}", key_load, key_save, 0, NULL},
    {"/usageplans/{}", plan_load, plan_save, 0, NULL},
    {"/domainnames/{}", domain_load, document_save, FG_DOCUMENT_DOMAIN_NAME,
     "Invalid domain name identifier specified"},
    {"/domainnameaccessassociations/domainname/{}/vpcesource/{}", association_load, document_save,
     FG_DOCUMENT_DOMAIN_ACCESS, "Invalid domain name access association identifier specified"},
    {"/clientcertificates/{}", document_load, document_save, FG_DOCUMENT_CLIENT_CERTIFICATE,
     "Invalid Client Certificate identifier specified"},
    {"/vpclinks/{}", document_load, document_save, FG_DOCUMENT_VPC_LINK,
     "Invalid Vpc Link identifier specified"},
};

static bool path_fits(const char *pattern, fg_str_t path, fg_str_t ret_part[2])
{
    fg_str_t want = fg_str(pattern), have = path;
    size_t count = 0;
    while (want.at && have.at) {
        fg_str_t want_part = fg_str_cut(&want, '/'), have_part = fg_str_cut(&have, '/');
        if (!fg_str_is(want_part, "{}")) {
            if (!fg_str_eq(want_part, have_part))
                return false;
        } else {
            ret_part[count++] = have_part;
        }
    }
    return !want.at && !have.at;
}

/* The path behind arn:<partition>:apigateway:<region>:<account>:; FG_STR_NONE when it is no such
 * ARN. */
static fg_str_t arn_path(fg_str_t arn)
{
    fg_str_t rest = arn;
    bool is_ours = fg_str_is(fg_str_cut(&rest, ':'), "arn");
    fg_str_cut(&rest, ':');
    is_ours = fg_str_is(fg_str_cut(&rest, ':'), "apigateway") && is_ours;
    fg_str_cut(&rest, ':');
    fg_str_cut(&rest, ':');
    return is_ours ? rest : FG_STR_NONE;
}

/* What the call's ARN names, with its tags: at least an empty object. */
static fg_status_t load(fg_call_t *call, target_t *target)
{
    fg_str_t path = arn_path(call->path_part[0]);
    for (size_t i = 0; i < FG_COUNT_OF(nouns) && !target->noun; i++) {
        if (path_fits(nouns[i].path, path, target->part))
            target->noun = &nouns[i];
    }
    if (!target->noun)
        return fg_error_set(call->error, FG_BAD_REQUEST, "resourceArn",
                            "Invalid resource ARN specified: %.*s", FG_STR_ARG(call->path_part[0]));
    fg_status_t status = target->noun->load(call, target);
    if (status == FG_OK && !target->tags)
        target->tags = json_object();
    return status == FG_OK && !target->tags ? fg_call_no_memory(call) : status;
}

/* ---- operations ---- */

fg_status_t fg_tag_list(fg_call_t *call)
{
    TARGET_SCOPED target = {0};
    fg_status_t status = load(call, &target);
    if (status != FG_OK)
        return status;
    call->output = json_pack("{sO}", "tags", target.tags);
    return call->output ? FG_OK : fg_call_no_memory(call);
}

/* Rule TG3. */
fg_status_t fg_tag_add(fg_call_t *call)
{
    static const fg_field_t fields[] = {{"tags", FG_FIELD_TEXT_MAP, true, NULL}};
    FG_JSON_SCOPED *given = json_object();
    TARGET_SCOPED target = {0};
    fg_status_t status = fg_fields_read(call, call->input, fields, FG_COUNT_OF(fields), given);
    if (status == FG_OK)
        status = load(call, &target);
    if (status == FG_OK && json_object_update(target.tags, json_object_get(given, "tags")) != 0)
        status = fg_call_no_memory(call);
    if (status == FG_OK)
        status = fg_tags_check(call, target.tags);
    return status == FG_OK ? target.noun->save(call, &target) : status;
}

/* Rule TG4. */
fg_status_t fg_tag_remove(fg_call_t *call)
{
    TARGET_SCOPED target = {0};
    if (!fg_call_query(call, "tagKeys").at)
        return fg_error_set(call->error, FG_VALIDATION, "tagKeys",
                            "1 validation error detected: Value null at 'tagKeys' failed to "
                            "satisfy constraint: Member must not be null");
    fg_status_t status = load(call, &target);
    for (size_t i = 0; status == FG_OK && i < call->query_count; i++) {
        const char *name = fg_arena_text(call->arena, call->query[i].value);
        if (!name)
            status = fg_call_no_memory(call);
        else if (fg_str_is(call->query[i].name, "tagKeys"))
            json_object_del(target.tags, name);
    }
    return status == FG_OK ? target.noun->save(call, &target) : status;
}
