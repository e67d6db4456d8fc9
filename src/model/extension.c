/*
 * Each noun has a table of its members; a member is read by the function in its row, which finds
 * its name in the reader for what it refuses. null is as absent. Nothing of the JSON outlives the
 * parse: texts are copied into the arena.
 */
#include "model/extension.h"

#include "base/json.h"
#include "base/limits.h"
#include "limit/quota.h"
#include "model/webhook.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct reader {
    fg_arena_t *arena;
    fg_error_t *error;
    const char *member; /* "faregate.overrides" and the like: where the reading is */
} reader_t;

typedef fg_status_t read_t(reader_t *reader, const json_t *value, void *extension);

typedef struct row {
    const char *name;
    fg_member_form_t form;
    read_t *read;
} row_t;

/* ---- refusals ---- */

static fg_status_t refuse(const reader_t *reader, const char *what)
{
    return fg_error_set(reader->error, FG_BAD_REQUEST, reader->member, "%s %s", reader->member,
                        what);
}

static fg_status_t no_memory(const reader_t *reader)
{
    return fg_error_set(reader->error, FG_NO_MEMORY, "", "%s", fg_status_text(FG_NO_MEMORY));
}

/* Only members that `names` lists, NULL at its end. */
static fg_status_t check_names(const reader_t *reader, const json_t *object,
                               const char *const *names)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)object, name, value)
    {
        size_t i = 0;
        while (names[i] && strcmp(names[i], name) != 0)
            i++;
        if (!names[i])
            return fg_error_set(reader->error, FG_BAD_REQUEST, reader->member,
                                "%s has no member %.64s", reader->member, name);
    }
    return FG_OK;
}

/* ---- plain values ---- */

/* NULL when absent or null. Borrowed. */
static const json_t *present(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);
    return json_is_null(value) ? NULL : value;
}

static fg_status_t read_text(const reader_t *reader, const json_t *value, size_t bytes_max,
                             fg_str_t *ret_text)
{
    fg_str_t text = fg_json_str(value);
    if (!text.at)
        return refuse(reader, "must be a String");
    if (text.len > bytes_max)
        return fg_error_set(reader->error, FG_BAD_REQUEST, reader->member,
                            "%s has at most %zu bytes", reader->member, bytes_max);
    *ret_text = fg_arena_copy(reader->arena, text);
    return ret_text->at ? FG_OK : no_memory(reader);
}

static fg_status_t read_integer(const reader_t *reader, const json_t *value, int64_t max,
                                int64_t *ret_number)
{
    int64_t number = json_integer_value(value);
    if (!json_is_integer(value) || number < 0 || number > max)
        return fg_error_set(reader->error, FG_BAD_REQUEST, reader->member,
                            "%s must be a whole number from 0 to %lld", reader->member,
                            (long long)max);
    *ret_number = number;
    return FG_OK;
}

/* {"rateLimit": 5.0, "burstLimit": 10}, both given. */
static fg_status_t read_throttle(const reader_t *reader, const json_t *value, double *ret_rate,
                                 int64_t *ret_burst)
{
    static const char *const names[] = {"rateLimit", "burstLimit", NULL};
    const json_t *rate = present(value, "rateLimit"), *burst = present(value, "burstLimit");
    if (!json_is_object(value) || !json_is_number(rate) || !json_is_integer(burst))
        return refuse(reader, "must be an object with rateLimit and burstLimit");
    fg_status_t status = check_names(reader, value, names);
    if (status != FG_OK)
        return status;
    if (json_number_value(rate) < 0)
        return refuse(reader, "must have a rateLimit of 0 or more");
    if (json_integer_value(burst) < 0 || json_integer_value(burst) > INT32_MAX)
        return refuse(reader, "must have a burstLimit from 0 to 2147483647");
    *ret_rate = json_number_value(rate);
    *ret_burst = json_integer_value(burst);
    return FG_OK;
}

/* ---- times ---- */

/* `count` digits at the front of *text, which moves past them. */
static bool take_digits(fg_str_t *text, size_t count, int *ret_number)
{
    int number = 0;
    if (text->len < count)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (text->at[i] < '0' || text->at[i] > '9')
            return false;
        number = number * 10 + (text->at[i] - '0');
    }
    *text = fg_str_of(text->at + count, text->len - count);
    *ret_number = number;
    return true;
}

static bool take_byte(fg_str_t *text, char byte)
{
    if (text->len == 0 || text->at[0] != byte)
        return false;
    *text = fg_str_of(text->at + 1, text->len - 1);
    return true;
}

/* Seconds of the day in "THH:MM:SS", with a fraction that is dropped, and "Z" or "+00:00". */
static bool take_clock(fg_str_t *text, int *ret_seconds)
{
    int hour, minute, second, ignored;
    if (!take_byte(text, 'T') || !take_digits(text, 2, &hour) || !take_byte(text, ':') ||
        !take_digits(text, 2, &minute) || !take_byte(text, ':') || !take_digits(text, 2, &second))
        return false;
    if (take_byte(text, '.')) {
        size_t before = text->len;
        while (take_digits(text, 1, &ignored))
            ;
        if (text->len == before)
            return false;
    }
    if (!fg_str_is(*text, "Z") && !fg_str_is(*text, "+00:00"))
        return false;
    *ret_seconds = (hour * 60 + minute) * 60 + second;
    return hour < 24 && minute < 60 && second < 60;
}

static bool parse_iso(fg_str_t text, int64_t *ret_seconds)
{
    int year, month, day, seconds = 0, same_year, same_month, same_day;
    if (!take_digits(&text, 4, &year) || !take_byte(&text, '-') || !take_digits(&text, 2, &month) ||
        !take_byte(&text, '-') || !take_digits(&text, 2, &day) || month < 1 || month > 12)
        return false;
    if (text.len > 0 && !take_clock(&text, &seconds))
        return false;
    int64_t number = fg_day_from_civil(year, month, day);
    fg_civil_from_day(number, &same_year, &same_month, &same_day);
    *ret_seconds = number * FG_DAY_S + seconds;
    return same_month == month && same_day == day; /* 30 February is none */
}

bool fg_time_parse(fg_str_t text, fg_wall_t *ret_time)
{
    int64_t seconds;
    bool is_number =
        text.len > 0 && text.at[0] >= '0' && text.at[0] <= '9' && fg_str_to_i64(text, &seconds);
    if (!is_number && !parse_iso(text, &seconds))
        return false;
    if (seconds <= 0 || seconds > UINT32_MAX)
        return false;
    ret_time->s = seconds;
    return true;
}

static fg_status_t read_time(const reader_t *reader, const json_t *value, fg_wall_t *ret_time)
{
    int64_t seconds = json_integer_value(value);
    if (json_is_integer(value) && seconds > 0 && seconds <= UINT32_MAX) {
        ret_time->s = seconds;
        return FG_OK;
    }
    if (json_is_string(value) && fg_time_parse(fg_json_str(value), ret_time))
        return FG_OK;
    return refuse(reader, "must be a time: epoch seconds or 2026-01-01T00:00:00Z");
}

/* ---- addresses (rule X5) ---- */

static void clear_host_bits(uint8_t address[16], unsigned prefix_bits)
{
    for (unsigned i = 0; i < 16; i++) {
        unsigned kept = prefix_bits > 8 * i ? prefix_bits - 8 * i : 0;
        if (kept < 8)
            address[i] &= (uint8_t)(0xff00u >> kept);
    }
}

bool fg_cidr_parse(fg_str_t text, fg_cidr_rule_t *ret_rule)
{
    char host[INET6_ADDRSTRLEN];
    fg_str_t bits = text, name = fg_str_cut(&bits, '/');
    fg_cidr_rule_t rule = {.text = text};
    if (name.len == 0 || name.len >= sizeof(host))
        return false;
    memcpy(host, name.at, name.len);
    host[name.len] = '\0';
    if (strlen(host) != name.len)
        return false;
    int64_t given = -1, bits_max = 128;
    if (inet_pton(AF_INET, host, rule.address + 12) == 1) {
        rule.address[10] = rule.address[11] = 0xff;
        bits_max = 32;
    } else if (inet_pton(AF_INET6, host, rule.address) != 1) {
        return false;
    }
    if (!bits.at)
        given = bits_max;
    else if (bits.len == 0 || bits.at[0] < '0' || bits.at[0] > '9' || !fg_str_to_i64(bits, &given))
        return false;
    if (given < 0 || given > bits_max)
        return false;
    rule.prefix_bits = (uint8_t)(given + 128 - bits_max);
    clear_host_bits(rule.address, rule.prefix_bits);
    *ret_rule = rule;
    return true;
}

static fg_status_t read_rule(const reader_t *reader, const json_t *value, fg_cidr_rule_t *ret_rule)
{
    static const char *const names[] = {"cidr", "action", NULL};
    if (!json_is_object(value))
        return refuse(reader, "must hold objects with cidr and action");
    fg_status_t status = check_names(reader, value, names);
    if (status != FG_OK)
        return status;
    fg_str_t cidr = fg_json_str(present(value, "cidr"));
    fg_str_t action = fg_json_str(present(value, "action"));
    bool is_denied = fg_str_is(action, "deny");
    if (!is_denied && !fg_str_is(action, "allow"))
        return refuse(reader, "must hold rules with the action \"allow\" or \"deny\"");
    if (!cidr.at || !fg_cidr_parse(cidr, ret_rule))
        return fg_error_set(reader->error, FG_BAD_REQUEST, reader->member,
                            "%s has a cidr that is no address range: %.*s", reader->member,
                            (int)(cidr.len < 64 ? cidr.len : 64), cidr.at ? cidr.at : "");
    ret_rule->is_denied = is_denied;
    ret_rule->text = fg_arena_copy(reader->arena, cidr);
    return ret_rule->text.at ? FG_OK : no_memory(reader);
}

static bool is_given_before(const fg_cidr_rule_t *rules, size_t count, const fg_cidr_rule_t *rule)
{
    for (size_t i = 0; i < count; i++)
        if (rules[i].prefix_bits == rule->prefix_bits &&
            memcmp(rules[i].address, rule->address, sizeof(rule->address)) == 0)
            return true;
    return false;
}

static fg_status_t read_rules(const reader_t *reader, const json_t *value,
                              fg_cidr_rule_t **ret_rules, size_t *ret_count)
{
    size_t count = json_array_size(value);
    if (!json_is_array(value))
        return refuse(reader, "must be a list of rules");
    if (count > FG_ADDRESS_RULES_MAX)
        return refuse(reader, "holds at most 256 rules");
    fg_cidr_rule_t *rules = fg_arena_alloc(reader->arena, (count + 1) * sizeof(*rules));
    if (!rules)
        return no_memory(reader);
    for (size_t i = 0; i < count; i++) {
        fg_status_t status = read_rule(reader, json_array_get(value, i), &rules[i]);
        if (status != FG_OK)
            return status;
        if (is_given_before(rules, i, &rules[i]))
            return fg_error_set(reader->error, FG_BAD_REQUEST, reader->member,
                                "%s gives %.*s twice", reader->member, FG_STR_ARG(rules[i].text));
    }
    *ret_rules = rules;
    *ret_count = count;
    return FG_OK;
}

/* ---- members of plans ---- */

static fg_status_t read_quota_scope(reader_t *reader, const json_t *value, void *extension)
{
    fg_str_t text = fg_json_str(value);
    ((fg_plan_extension_t *)extension)->is_quota_shared = fg_str_is(text, "CUSTOMER");
    return fg_str_is(text, "CUSTOMER") || fg_str_is(text, "KEY")
               ? FG_OK
               : refuse(reader, "must be \"KEY\" or \"CUSTOMER\"");
}

static fg_status_t read_usage_on_move(reader_t *reader, const json_t *value, void *extension)
{
    fg_str_t text = fg_json_str(value);
    ((fg_plan_extension_t *)extension)->is_fresh_on_move = fg_str_is(text, "FRESH");
    return fg_str_is(text, "FRESH") || fg_str_is(text, "KEEP")
               ? FG_OK
               : refuse(reader, "must be \"KEEP\" or \"FRESH\"");
}

static fg_status_t read_outage(reader_t *reader, const json_t *value, void *extension)
{
    static const char *const names[] = {"strict", "allowance", "open"}; /* fg_outage_policy_t */
    for (unsigned i = 0; i < FG_COUNT_OF(names); i++)
        if (fg_str_is(fg_json_str(value), names[i])) {
            ((fg_plan_extension_t *)extension)->outage = (fg_outage_policy_t)i;
            return FG_OK;
        }
    return refuse(reader, "must be \"strict\", \"allowance\" or \"open\"");
}

static fg_status_t read_allowance(reader_t *reader, const json_t *value, void *extension)
{
    int64_t percent = 0;
    fg_status_t status = read_integer(reader, value, 100, &percent);
    ((fg_plan_extension_t *)extension)->allowance_percent = (unsigned)percent;
    return status;
}

/* Rule U5. */
static fg_status_t read_counted(reader_t *reader, const json_t *value, void *extension)
{
    fg_plan_extension_t *plan = extension;
    size_t index;
    const json_t *item;
    if (!json_is_array(value) || json_array_size(value) == 0)
        return refuse(reader, "must be a list of \"1xx\" to \"5xx\", with one at least");
    json_array_foreach(value, index, item)
    {
        fg_str_t text = fg_json_str(item);
        if (text.len != 3 || text.at[0] < '1' || text.at[0] > '5' || memcmp(text.at + 1, "xx", 2))
            return refuse(reader, "must be a list of \"1xx\" to \"5xx\"");
        plan->counted_statuses |= 1u << (text.at[0] - '0');
    }
    return FG_OK;
}

static fg_status_t read_address_throttle(reader_t *reader, const json_t *value, void *extension)
{
    fg_plan_extension_t *plan = extension;
    plan->has_address_throttle = true;
    return read_throttle(reader, value, &plan->address_rate_limit, &plan->address_burst_limit);
}

static fg_status_t read_plan_rules(reader_t *reader, const json_t *value, void *extension)
{
    fg_plan_extension_t *plan = extension;
    return read_rules(reader, value, &plan->address_rules, &plan->address_rule_count);
}

static fg_status_t read_shadow(reader_t *reader, const json_t *value, void *extension)
{
    fg_plan_extension_t *plan = extension;
    if (fg_str_is_empty(fg_json_str(value)))
        return refuse(reader, "must be the identifier of a usage plan");
    return read_text(reader, value, FG_ID_BYTES_MAX, &plan->shadow_plan_id);
}

static int compare_thresholds(const void *a, const void *b)
{
    unsigned left = *(const unsigned *)a, right = *(const unsigned *)b;
    return (left > right) - (left < right);
}

static fg_status_t read_thresholds(reader_t *reader, const json_t *value, void *extension)
{
    fg_plan_extension_t *plan = extension;
    size_t count = json_array_size(value);
    if (!json_is_array(value) || count > FG_ALERT_THRESHOLDS_MAX)
        return refuse(reader, "must be a list of at most 8 percentages");
    for (size_t i = 0; i < count; i++) {
        const json_t *item = json_array_get(value, i);
        json_int_t percent = json_integer_value(item);
        if (!json_is_integer(item) || percent < 1 || percent > 100)
            return refuse(reader, "must hold whole percentages from 1 to 100");
        plan->alert_thresholds[i] = (unsigned)percent;
    }
    qsort(plan->alert_thresholds, count, sizeof(plan->alert_thresholds[0]), compare_thresholds);
    for (size_t i = 1; i < count; i++)
        if (plan->alert_thresholds[i] == plan->alert_thresholds[i - 1])
            return refuse(reader, "gives a percentage twice");
    plan->alert_threshold_count = count;
    return FG_OK;
}

static fg_status_t read_webhook(reader_t *reader, const json_t *value, void *extension)
{
    fg_plan_extension_t *plan = extension;
    fg_str_t *url = &plan->alert_webhook_url;
    fg_status_t status = read_text(reader, value, FG_WEBHOOK_URL_BYTES_MAX, url);
    if (status != FG_OK)
        return status;
    return fg_webhook_url_is_good(*url)
               ? FG_OK
               : refuse(reader, "must be an http or https URL of visible ASCII characters, without "
                                "credentials");
}

static const row_t plan_rows[] = {
    {"quotaScope", FG_MEMBER_TEXT, read_quota_scope},
    {"usageOnMove", FG_MEMBER_TEXT, read_usage_on_move},
    {"outagePolicy", FG_MEMBER_TEXT, read_outage},
    {"outageAllowancePercent", FG_MEMBER_JSON, read_allowance},
    {"countedStatuses", FG_MEMBER_JSON, read_counted},
    {"addressThrottle", FG_MEMBER_JSON, read_address_throttle},
    {"addressRules", FG_MEMBER_JSON, read_plan_rules},
    {"shadowPlanId", FG_MEMBER_TEXT, read_shadow},
    {"alertThresholds", FG_MEMBER_JSON, read_thresholds},
    {"alertWebhookUrl", FG_MEMBER_TEXT, read_webhook},
};

/* ---- members of keys ---- */

static fg_status_t read_not_before(reader_t *reader, const json_t *value, void *extension)
{
    return read_time(reader, value, &((fg_key_extension_t *)extension)->not_before);
}

static fg_status_t read_expires(reader_t *reader, const json_t *value, void *extension)
{
    return read_time(reader, value, &((fg_key_extension_t *)extension)->expires);
}

static fg_status_t read_key_rules(reader_t *reader, const json_t *value, void *extension)
{
    fg_key_extension_t *key = extension;
    return read_rules(reader, value, &key->address_rules, &key->address_rule_count);
}

static fg_status_t read_override_quota(const reader_t *reader, const json_t *value,
                                       fg_key_override_t *override)
{
    static const char *const names[] = {"limit", NULL};
    const json_t *limit = present(value, "limit");
    if (!json_is_object(value) || !limit)
        return refuse(reader, "must have a quota with a limit");
    fg_status_t status = check_names(reader, value, names);
    if (status != FG_OK)
        return status;
    override->has_quota = true;
    return read_integer(reader, limit, (int64_t)FG_QUOTA_USED_MAX, &override->quota_limit);
}

static fg_status_t read_override(const reader_t *reader, const json_t *value,
                                 fg_key_override_t *override)
{
    static const char *const names[] = {"throttle", "quota", "until", "reason", NULL};
    if (!json_is_object(value))
        return refuse(reader, "must hold an object for each plan");
    const json_t *throttle = present(value, "throttle"), *quota = present(value, "quota"),
                 *until = present(value, "until"), *reason = present(value, "reason");
    fg_status_t status = check_names(reader, value, names);
    if (status == FG_OK && !throttle && !quota)
        status = refuse(reader, "must give a throttle or a quota for each plan");
    override->has_throttle = throttle != NULL;
    if (status == FG_OK && throttle)
        status = read_throttle(reader, throttle, &override->rate_limit, &override->burst_limit);
    if (status == FG_OK && quota)
        status = read_override_quota(reader, quota, override);
    if (status == FG_OK && until)
        status = read_time(reader, until, &override->until);
    if (status == FG_OK && reason)
        status = read_text(reader, reason, FG_OVERRIDE_REASON_BYTES_MAX, &override->reason);
    return status;
}

static fg_status_t read_overrides(reader_t *reader, const json_t *value, void *extension)
{
    fg_key_extension_t *key = extension;
    size_t count = json_object_size(value);
    const char *plan_id;
    json_t *item;
    if (!json_is_object(value) || count > FG_KEY_OVERRIDES_MAX)
        return refuse(reader, "must be an object with at most 32 usage plans");
    key->overrides = fg_arena_alloc(reader->arena, (count + 1) * sizeof(*key->overrides));
    if (!key->overrides)
        return no_memory(reader);
    json_object_foreach((json_t *)(uintptr_t)value, plan_id, item)
    {
        fg_key_override_t *override = &key->overrides[key->override_count++];
        if (!plan_id[0] || strlen(plan_id) > FG_ID_BYTES_MAX)
            return refuse(reader, "must be named by identifiers of usage plans");
        override->plan_id = fg_arena_copy(reader->arena, fg_str(plan_id));
        override->reason = FG_STR_NONE;
        if (!override->plan_id.at)
            return no_memory(reader);
        fg_status_t status = read_override(reader, item, override);
        if (status != FG_OK)
            return status;
    }
    return FG_OK;
}

static const row_t key_rows[] = {
    {"notBefore", FG_MEMBER_TIME, read_not_before},
    {"expiresAt", FG_MEMBER_TIME, read_expires},
    {"addressRules", FG_MEMBER_JSON, read_key_rules},
    {"overrides", FG_MEMBER_JSON, read_overrides},
};

/* ---- both ---- */

static const row_t *find_row(const row_t *rows, size_t count, fg_str_t name)
{
    for (size_t i = 0; i < count; i++)
        if (fg_str_is(name, rows[i].name))
            return &rows[i];
    return NULL;
}

static fg_member_form_t form_of(const row_t *rows, size_t count, fg_str_t name)
{
    const row_t *row = find_row(rows, count, name);
    return row ? row->form : FG_MEMBER_UNKNOWN;
}

fg_member_form_t fg_plan_extension_form(fg_str_t member)
{
    return form_of(plan_rows, FG_COUNT_OF(plan_rows), member);
}

fg_member_form_t fg_key_extension_form(fg_str_t member)
{
    return form_of(key_rows, FG_COUNT_OF(key_rows), member);
}

static fg_status_t read_member(const row_t *row, reader_t *reader, const json_t *value,
                               void *extension)
{
    char member[64];
    snprintf(member, sizeof(member), "faregate.%s", row->name);
    reader->member = member;
    fg_status_t status = row->read(reader, value, extension);
    reader->member = "faregate";
    return status;
}

static fg_status_t parse(const row_t *rows, size_t count, fg_str_t text, reader_t *reader,
                         void *extension)
{
    if (!text.at)
        return FG_OK;
    FG_JSON_SCOPED *object = fg_json_parse(text, reader->error);
    const char *name;
    json_t *value;
    if (!json_is_object(object))
        return refuse(reader, "must be an object");
    json_object_foreach(object, name, value)
    {
        const row_t *row = find_row(rows, count, fg_str(name));
        if (!row)
            return fg_error_set(reader->error, FG_BAD_REQUEST, reader->member,
                                "faregate has no member %.64s", name);
        fg_status_t status =
            json_is_null(value) ? FG_OK : read_member(row, reader, value, extension);
        if (status != FG_OK)
            return status;
    }
    return FG_OK;
}

fg_status_t fg_plan_extension_parse(fg_str_t json, fg_arena_t *arena,
                                    fg_plan_extension_t *ret_extension, fg_error_t *reterr)
{
    reader_t reader = {arena, reterr, "faregate"};
    fg_plan_extension_t extension = {
        .alert_thresholds = {80, 100},
        .alert_threshold_count = 2,
    };
    fg_status_t status = parse(plan_rows, FG_COUNT_OF(plan_rows), json, &reader, &extension);
    if (status == FG_OK)
        *ret_extension = extension;
    return status;
}

fg_status_t fg_key_extension_parse(fg_str_t json, fg_arena_t *arena,
                                   fg_key_extension_t *ret_extension, fg_error_t *reterr)
{
    reader_t reader = {arena, reterr, "faregate"};
    fg_key_extension_t extension = {0};
    fg_status_t status = parse(key_rows, FG_COUNT_OF(key_rows), json, &reader, &extension);
    if (status != FG_OK)
        return status;
    if (extension.expires.s && extension.expires.s <= extension.not_before.s)
        return fg_error_set(reterr, FG_BAD_REQUEST, "faregate.expiresAt",
                            "faregate.expiresAt must be later than faregate.notBefore");
    *ret_extension = extension;
    return FG_OK;
}
