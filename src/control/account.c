/*
 * The account: the throttle behind all others (rule T2, last) and the role for logs. Reference 4.5.
 */
#include "control/handlers.h"
#include "control/noun.h"
#include "control/patch_table.h"

/* Names of settings in the store; the agent reads the limits. */
#define SETTING_RATE  FG_STR("account_rate_limit")
#define SETTING_BURST FG_STR("account_burst_limit")
#define SETTING_ROLE  FG_STR("account_cloudwatch_role_arn")

typedef struct account {
    double rate_limit;
    int64_t burst_limit;
    fg_str_t role_arn;
    bool is_rate_changed, is_burst_changed, is_role_changed;
} account_t;

static fg_status_t setting(fg_call_t *call, fg_str_t name, fg_str_t *ret_text)
{
    fg_status_t status =
        fg_store_setting_get(call->store, name, call->arena, ret_text, call->error);
    if (status == FG_NOT_FOUND)
        *ret_text = FG_STR_NONE;
    return status == FG_NOT_FOUND ? FG_OK : status;
}

static fg_status_t load(fg_call_t *call, account_t *ret_account)
{
    fg_str_t rate, burst;
    *ret_account =
        (account_t){.rate_limit = 10000, .burst_limit = 5000}; /* Rule T2: the defaults */
    fg_status_t status = setting(call, SETTING_RATE, &rate);
    if (status == FG_OK)
        status = setting(call, SETTING_BURST, &burst);
    if (status == FG_OK)
        status = setting(call, SETTING_ROLE, &ret_account->role_arn);
    if (status != FG_OK)
        return status;
    if ((rate.at && !fg_str_to_double(rate, &ret_account->rate_limit)) ||
        (burst.at && !fg_str_to_i64(burst, &ret_account->burst_limit)))
        return fg_error_set(call->error, FG_CORRUPT, "", "the stored account throttle is damaged");
    return FG_OK;
}

static fg_status_t render(fg_call_t *call, const account_t *account)
{
    call->output = json_pack("{s:{s:I, s:f}, s:[s], s:s}", "throttleSettings", "burstLimit",
                             (json_int_t)account->burst_limit, "rateLimit", account->rate_limit,
                             "features", "UsagePlans", "apiKeyVersion", "4");
    if (!call->output)
        return fg_call_no_memory(call);
    if (!fg_str_is_empty(account->role_arn) &&
        json_object_set_new(call->output, "cloudwatchRoleArn",
                            fg_json_new_str(account->role_arn)) != 0)
        return fg_call_no_memory(call);
    return FG_OK;
}

fg_status_t fg_account_get(fg_call_t *call)
{
    account_t account;
    fg_status_t status = load(call, &account);
    return status == FG_OK ? render(call, &account) : status;
}

/* arn:<partition>:iam::<account>:role/<name> */
static bool is_role_arn(fg_str_t arn)
{
    fg_str_t rest = arn;
    bool is_good = fg_str_is(fg_str_cut(&rest, ':'), "arn");
    is_good = fg_str_cut(&rest, ':').len > 0 && is_good;
    is_good = fg_str_is(fg_str_cut(&rest, ':'), "iam") && is_good;
    is_good = fg_str_cut(&rest, ':').len == 0 && is_good;
    is_good = fg_str_cut(&rest, ':').len > 0 && is_good;
    return is_good && fg_str_starts_with(rest, FG_STR("role/")) && rest.len > strlen("role/");
}

/* Rule AC1. Terraform takes the role away with an empty value. */
static fg_status_t set_role(fg_call_t *call, void *noun, const fg_patch_t *patch)
{
    account_t *account = noun;
    if (!fg_str_is_empty(patch->value) && !is_role_arn(patch->value))
        return fg_error_set(call->error, FG_BAD_REQUEST, "cloudwatchRoleArn",
                            "The role ARN is not well formed");
    account->role_arn = patch->value.at ? patch->value : FG_STR("");
    account->is_role_changed = true;
    return FG_OK;
}

static fg_status_t set_feature(fg_call_t *call, void *noun, const fg_patch_t *patch)
{
    (void)noun;
    if (!fg_str_is(patch->value, "UsagePlans"))
        return fg_error_set(call->error, FG_BAD_REQUEST, "features", "Invalid feature specified");
    if (patch->op == FG_PATCH_REMOVE)
        return fg_error_set(call->error, FG_BAD_REQUEST, "features",
                            "Usage Plans cannot be disabled once enabled");
    return FG_OK;
}

/* Beyond AWS, where these are raised by asking support. */
static fg_status_t set_rate(fg_call_t *call, void *noun, const fg_patch_t *patch)
{
    account_t *account = noun;
    account->is_rate_changed = true;
    if (fg_str_to_double(patch->value, &account->rate_limit) && account->rate_limit >= 0)
        return FG_OK;
    return fg_error_set(call->error, FG_BAD_REQUEST, "rateLimit", "Invalid rate limit specified");
}

static fg_status_t set_burst(fg_call_t *call, void *noun, const fg_patch_t *patch)
{
    account_t *account = noun;
    account->is_burst_changed = true;
    if (fg_str_to_i64(patch->value, &account->burst_limit) && account->burst_limit >= 0 &&
        account->burst_limit <= INT32_MAX)
        return FG_OK;
    return fg_error_set(call->error, FG_BAD_REQUEST, "burstLimit", "Invalid burst limit specified");
}

static const fg_patch_row_t rows[] = {
    {"/cloudwatchRoleArn", FG_PATCH_MAY(REPLACE), set_role, false},
    {"/features", FG_PATCH_MAY(ADD) | FG_PATCH_MAY(REMOVE), set_feature, false},
    {"/throttleSettings/rateLimit", FG_PATCH_MAY(REPLACE), set_rate, true},
    {"/throttleSettings/burstLimit", FG_PATCH_MAY(REPLACE), set_burst, true},
};
static const fg_patch_table_t table = {rows, FG_COUNT_OF(rows), fg_patch_refuse_a};

static fg_status_t save(fg_call_t *call, const account_t *account)
{
    fg_status_t status = FG_OK;
    if (account->is_role_changed)
        status = fg_store_setting_set(call->store, SETTING_ROLE, account->role_arn, call->error);
    if (status == FG_OK && account->is_rate_changed)
        status = fg_store_setting_set(call->store, SETTING_RATE,
                                      fg_arena_printf(call->arena, "%.17g", account->rate_limit),
                                      call->error);
    if (status == FG_OK && account->is_burst_changed)
        status = fg_store_setting_set(
            call->store, SETTING_BURST,
            fg_arena_printf(call->arena, "%lld", (long long)account->burst_limit), call->error);
    return status;
}

fg_status_t fg_account_update(fg_call_t *call)
{
    account_t account;
    fg_status_t status = load(call, &account);
    if (status == FG_OK)
        status = fg_patch_apply(call, &table, &account);
    if (status == FG_OK)
        status = save(call, &account);
    return status == FG_OK ? render(call, &account) : status;
}
