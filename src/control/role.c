#include "control/role.h"

static const char *const texts[FG_ROLE_COUNT] = {
    [FG_ROLE_ADMIN] = FG_CREDENTIAL_ADMIN,
    [FG_ROLE_READ_ONLY] = "read-only",
    [FG_ROLE_KEYS_ONLY] = "keys-only",
    [FG_ROLE_PORTAL] = "portal",
};

static const struct row {
    fg_role_t role;
    const char *operation;
    bool may;
} rows[] = {
#define FG_MAY(role, operation)     {FG_ROLE_##role, operation, true},
#define FG_MAY_NOT(role, operation) {FG_ROLE_##role, operation, false},
#include "control/roles.def"
#undef FG_MAY
#undef FG_MAY_NOT
};

bool fg_role_of(fg_str_t text, fg_role_t *ret_role)
{
    for (size_t i = 0; i < FG_ROLE_COUNT; i++) {
        if (!fg_str_is(text, texts[i]))
            continue;
        *ret_role = (fg_role_t)i;
        return true;
    }
    return false;
}

const char *fg_role_text(fg_role_t role)
{
    FG_ASSERT(role < FG_ROLE_COUNT);
    return texts[role];
}

const char *fg_role_list(void)
{
    return "admin, read-only, keys-only or portal";
}

/* Rule CR2. */
static bool fits(const char *pattern, const char *name)
{
    size_t bytes = strlen(pattern);
    if (pattern[bytes - 1] == '*')
        return strncmp(pattern, name, bytes - 1) == 0;
    return strcmp(pattern, name) == 0;
}

bool fg_role_may(fg_role_t role, const fg_operation_t *operation)
{
    for (size_t i = 0; i < FG_COUNT_OF(rows); i++)
        if (rows[i].role == role && fits(rows[i].operation, operation->name))
            return rows[i].may;
    return false;
}

/* Rule CR3, reference 1.3. */
fg_status_t fg_role_check(fg_call_t *call)
{
    const fg_control_settings_t *settings = &call->control->settings;
    if (fg_role_may(call->role, call->operation))
        return FG_OK;
    return fg_error_set(call->error, FG_DENIED, "",
                        "User: arn:aws:iam::%s:user/%.*s is not authorized to perform: "
                        "apigateway:%s on resource: arn:aws:apigateway:%s::%.*s",
                        settings->account_id, FG_STR_ARG(call->access_key_id),
                        call->operation->verb, settings->region, FG_STR_ARG(call->path));
}

/* ---- what a portal may not ask for (rule CR5) ---- */

static fg_status_t refuse(fg_call_t *call, const char *what, fg_str_t which)
{
    return fg_error_set(call->error, FG_DENIED, which.at, "The role %s may not set %s %.*s with %s",
                        fg_role_text(call->role), what, FG_STR_ARG(which), call->operation->name);
}

static bool is_one_of(fg_str_t text, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (fg_str_is(text, names[i]))
            return true;
    return false;
}

static fg_status_t check_members(fg_call_t *call)
{
    static const char *const allowed[] = {"name", "description", "enabled",           "customerId",
                                          "tags", "value",       "generateDistinctId"};
    const char *member;
    json_t *value;
    json_object_foreach(call->input, member, value)
    {
        if (!is_one_of(fg_str(member), allowed, FG_COUNT_OF(allowed)))
            return refuse(call, "the member", fg_str(member));
    }
    return FG_OK;
}

static fg_status_t check_paths(fg_call_t *call)
{
    static const char *const allowed[] = {"/enabled", "/name", "/value",
                                          "/faregate/previousValueExpiresAt"};
    fg_patch_t *patches;
    size_t count;
    fg_status_t status = fg_call_patches(call, &patches, &count);
    for (size_t i = 0; status == FG_OK && i < count; i++)
        if (patches[i].path.at && !is_one_of(patches[i].path, allowed, FG_COUNT_OF(allowed)))
            status = refuse(call, "the path", patches[i].path);
    return status;
}

fg_status_t fg_role_check_input(fg_call_t *call)
{
    if (call->role != FG_ROLE_PORTAL)
        return FG_OK;
    if (strcmp(call->operation->name, "CreateApiKey") == 0)
        return check_members(call);
    return strcmp(call->operation->name, "UpdateApiKey") == 0 ? check_paths(call) : FG_OK;
}
