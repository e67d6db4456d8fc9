#include "apply_run.h"

#include "base/uri.h"

/* ---- what the nouns share ---- */

json_t *fg_member(const json_t *entry, const char *name)
{
    return json_object_get(json_object_get(entry, "members"), name);
}

void fg_patch_add(json_t *operations, const char *op, const char *path, const char *value)
{
    json_array_append_new(operations,
                          json_pack("{s:s, s:s, s:s*}", "op", op, "path", path, "value", value));
}

const char *fg_patch_text(const json_t *value)
{
    if (json_is_string(value))
        return json_string_value(value);
    return fg_text_of(fg_json_render(value, fg_cli_arena()));
}

void fg_patch_member(json_t *operations, const fg_step_t *step, const char *member)
{
    const json_t *value = fg_member(step->wanted, member);

    if (fg_step_touches(step, member))
        fg_patch_add(operations, "replace", fg_text("/%s", member),
                     value ? fg_patch_text(value) : NULL);
}

bool fg_patch_send(fg_apply_run_t *run, const char *path, const json_t *operations)
{
    if (json_array_size(operations) == 0)
        return true;
    FG_JSON_SCOPED *body = json_pack("{s:O}", "patchOperations", operations);
    return fg_caller_call(run->caller, "PATCH", path, "", body, NULL);
}

static json_t *tags_with_owner(const fg_apply_run_t *run, const json_t *entry)
{
    json_t *tags = json_copy(fg_member(entry, "tags"));

    if (run->owner)
        json_object_set_new(tags, FG_CONFIG_TAG_OWNER, json_string(run->owner));
    return tags;
}

json_t *fg_apply_body(const fg_apply_run_t *run, const json_t *entry, const char *const *members,
                      size_t count)
{
    json_t *body = json_pack("{s:O}", "name", json_object_get(entry, "name"));

    for (size_t i = 0; i < count; i++) {
        json_t *value = fg_member(entry, members[i]);
        if (value)
            json_object_set(body, members[i], value);
    }
    json_object_set_new(body, "tags", tags_with_owner(run, entry));
    return body;
}

/* DELETE of the tags that are no more. */
static bool drop_tags(fg_apply_run_t *run, const char *path, const json_t *wanted,
                      const json_t *found)
{
    fg_ask_t ask = {.query = FG_STR("")};
    const char *name;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)found, name, value)
    {
        if (!json_object_get(wanted, name))
            fg_ask_query(&ask, "tagKeys", name);
    }
    return ask.query.len == 0 ||
           fg_caller_call(run->caller, "DELETE", path, fg_text_of(ask.query), NULL, NULL);
}

bool fg_apply_tags(fg_apply_run_t *run, const fg_step_t *step, const char *path)
{
    const char *arn =
        fg_text("arn:aws:apigateway:%s::%s", run->caller->context.credentials.region, path);
    const char *tags_path = fg_text_of(fg_ask_path("/tags/{}", arn));
    FG_JSON_SCOPED *wanted = tags_with_owner(run, step->wanted);

    if (!fg_step_touches(step, "tags") && !fg_step_touches(step, "managedBy"))
        return true;
    if (!drop_tags(run, tags_path, wanted, fg_member(step->found, "tags")))
        return false;
    FG_JSON_SCOPED *body = json_pack("{s:O}", "tags", wanted);
    return json_object_size(wanted) == 0 ||
           fg_caller_call(run->caller, "PUT", tags_path, "", body, NULL);
}

void fg_apply_created(fg_apply_run_t *run, const fg_step_t *step, const json_t *answer)
{
    FG_JSON_SCOPED *entry = json_pack(
        "{s:O, s:O, s:O}", "name", json_object_get(step->wanted, "name"), "id",
        json_object_get(answer, "id"), "members", json_object_get(step->wanted, "members"));

    fg_installation_add(run->installation, step->noun, entry);
}

const char *fg_apply_id(const fg_apply_run_t *run, fg_config_noun_t noun, const char *name)
{
    const json_t *entry = fg_installation_find(run->installation, noun, name);

    return entry ? fg_entry_text(entry, "id") : name;
}

/* ---- the account ---- */

static bool apply_account(fg_apply_run_t *run, const fg_step_t *step)
{
    FG_JSON_SCOPED *operations = json_array();
    static const char *const members[] = {"rateLimit", "burstLimit"};

    for (size_t i = 0; i < FG_COUNT_OF(members); i++)
        fg_patch_add(
            operations, "replace", fg_text("/throttleSettings/%s", members[i]),
            fg_patch_text(json_object_get(fg_member(step->wanted, "throttle"), members[i])));
    return fg_patch_send(run, "/account", operations);
}

/* ---- the order ---- */

enum {
    CREATE = 1 << FG_STEP_CREATE,
    CHANGE = 1 << FG_STEP_CHANGE,
    DELETE = 1 << FG_STEP_DELETE,
};

static const struct pass {
    fg_config_noun_t noun;
    unsigned kinds;
    bool is_last; /* of the steps of these kinds */
    fg_apply_step_t *apply;
} passes[] = {
    {FG_CONFIG_ACCOUNT, CHANGE, true, apply_account},
    {FG_CONFIG_API, CREATE | CHANGE, true, fg_apply_api},
    {FG_CONFIG_STAGE, CREATE | CHANGE, true, fg_apply_stage},
    {FG_CONFIG_PLAN, CREATE, false, fg_apply_plan_make},
    {FG_CONFIG_KEY, DELETE, true, fg_apply_key_drop}, /* frees its value */
    {FG_CONFIG_KEY, CHANGE, false, fg_apply_key_leave},
    {FG_CONFIG_PLAN, CHANGE, false, fg_apply_plan_leave},
    {FG_CONFIG_PLAN, CREATE | CHANGE, true, fg_apply_plan},
    {FG_CONFIG_KEY, CREATE | CHANGE, true, fg_apply_key},
    {FG_CONFIG_PLAN, DELETE, true, fg_apply_plan_drop},
    {FG_CONFIG_STAGE, DELETE, true, fg_apply_stage_drop},
    {FG_CONFIG_API, DELETE, true, fg_apply_api_drop},
};

static bool gains_stage(const fg_step_t *step)
{
    const char *name;
    json_t *ignored;

    if (step->noun != FG_CONFIG_PLAN || step->kind != FG_STEP_CHANGE)
        return false;
    json_object_foreach(fg_member(step->wanted, "apiStages"), name, ignored)
    {
        if (!json_object_get(fg_member(step->found, "apiStages"), name))
            return true;
    }
    return false;
}

static bool is_meant(const fg_apply_run_t *run, const struct pass *pass, const fg_step_t *step)
{
    bool is_wished = step->kind == FG_STEP_DELETE ? run->with_deletions : run->with_changes;

    return is_wished && step->noun == pass->noun && pass->kinds & 1u << step->kind;
}

/* One call, or a few, of one step. */
static bool apply_step(fg_apply_run_t *run, const struct pass *pass, fg_step_t *step)
{
    if (*run->is_interrupted) {
        run->caller->problem = "interrupted";
        return false;
    }
    step->state = FG_STEP_BEGUN;
    if (!pass->apply(run, step)) {
        step->state = FG_STEP_FAILED;
        return false;
    }
    if (pass->is_last) {
        step->state = FG_STEP_DONE;
        run->done++;
        if (run->on_step)
            run->on_step(run);
    }
    return true;
}

bool fg_apply_run(fg_apply_run_t *run)
{
    run->owner = fg_entry_text(run->config, "name");
    for (size_t i = 0; i < run->steps->count; i++)
        run->do_keys_leave_first |= gains_stage(&run->steps->list[i]);
    for (size_t at = 0; at < FG_COUNT_OF(passes); at++) {
        for (size_t i = 0; i < run->steps->count; i++) {
            fg_step_t *step = &run->steps->list[i];
            if (is_meant(run, &passes[at], step) && !apply_step(run, &passes[at], step))
                return false;
        }
    }
    return true;
}
