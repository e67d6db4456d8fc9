/*
 * extension - what Faregate knows of plans and keys beyond the service: the member "faregate" of
 * both nouns.
 *
 * Shape      One JSON object per noun, kept as text in the store and parsed into these structs; the
 *            wire names stand beside the members. SDK clients read past it and set it by PATCH
 *            (/faregate/<member>), others in the body as well.
 * Ownership  Arrays and texts live in the arena they were parsed into.
 * Units      Times in UTC seconds, 0 for none; rates in requests per second.
 * Failure    Parsing refuses unknown members, wrong types and values out of bounds with
 *            FG_BAD_REQUEST that names the member.
 * Rule       docs/rules/extensions.md.
 */
#ifndef FG_MODEL_EXTENSION_H
#define FG_MODEL_EXTENSION_H

#include "base/arena.h"
#include "base/clock.h"
#include "base/status.h"
#include "base/str.h"

enum {
    FG_ADDRESS_RULES_MAX = 256, /* of one plan or key */
    FG_ALERT_THRESHOLDS_MAX = 8,
    FG_KEY_VALUES_MAX = 4, /* besides the newest */
    FG_KEY_OVERRIDES_MAX = 32,
    FG_WEBHOOK_URL_BYTES_MAX = 2048,
    FG_OVERRIDE_REASON_BYTES_MAX = 256,
};

/* addressRules: [{"cidr": "10.0.0.0/8", "action": "allow" | "deny"}] */
typedef struct fg_cidr_rule {
    uint8_t address[16]; /* IPv4 as ::ffff:a.b.c.d, host bits cleared */
    uint8_t prefix_bits; /* of 128 */
    bool is_denied;
    fg_str_t text; /* as given */
} fg_cidr_rule_t;

typedef enum fg_outage_policy {
    FG_POLICY_STRICT,
    FG_POLICY_ALLOWANCE,
    FG_POLICY_OPEN
} fg_outage_policy_t;

typedef struct fg_plan_extension {
    bool is_quota_shared;  /* quotaScope: "KEY" (default), "CUSTOMER": keys of one customer share */
    bool is_fresh_on_move; /* usageOnMove: "KEEP" (default) or "FRESH" */
    fg_outage_policy_t outage;  /* outagePolicy: "strict" (default), "allowance", "open" */
    unsigned allowance_percent; /* outageAllowancePercent: 0..100 */
    /* countedStatuses: ["2xx", "4xx"]; bit n for n-hundreds; 0: every admitted call */
    unsigned counted_statuses;
    /* addressThrottle: {"rateLimit": 5.0, "burstLimit": 10} */
    bool has_address_throttle;
    double address_rate_limit;
    int64_t address_burst_limit;
    fg_cidr_rule_t *address_rules;
    size_t address_rule_count;
    fg_str_t shadow_plan_id; /* shadowPlanId */
    /* alertThresholds: percent, ascending; absent: 80, 100; []: none */
    unsigned alert_thresholds[FG_ALERT_THRESHOLDS_MAX];
    size_t alert_threshold_count;
    fg_str_t alert_webhook_url; /* alertWebhookUrl; FG_STR_NONE: the installation's */
} fg_plan_extension_t;

/* overrides: {"<planId>": {"throttle": {"rateLimit", "burstLimit"}, "quota": {"limit"}, "until",
 * "reason"}} */
typedef struct fg_key_override {
    fg_str_t plan_id;
    bool has_throttle, has_quota;
    double rate_limit;
    int64_t burst_limit, quota_limit;
    fg_wall_t until;
    fg_str_t reason;
} fg_key_override_t;

typedef struct fg_key_extension {
    fg_wall_t not_before, expires; /* notBefore, expiresAt: of the key, all its values */
    fg_cidr_rule_t *address_rules;
    size_t address_rule_count;
    fg_key_override_t *overrides;
    size_t override_count;
} fg_key_extension_t;

/* `json` is the stored text; FG_STR_NONE gives the defaults. */
FG_MUST_USE fg_status_t fg_plan_extension_parse(fg_str_t json, fg_arena_t *arena,
                                                fg_plan_extension_t *ret_extension,
                                                fg_error_t *reterr);
FG_MUST_USE fg_status_t fg_key_extension_parse(fg_str_t json, fg_arena_t *arena,
                                               fg_key_extension_t *ret_extension,
                                               fg_error_t *reterr);
/* "10.0.0.0/8", "2001:db8::/32", a single address. False when it is none. */
FG_MUST_USE bool fg_cidr_parse(fg_str_t text, fg_cidr_rule_t *ret_rule);
/* Epoch seconds ("1767225600") or UTC in ISO 8601 ("2026-01-01T00:00:00Z", "2026-01-01"), after
 * 1970 and before 2106. False when it is neither. */
FG_MUST_USE bool fg_time_parse(fg_str_t text, fg_wall_t *ret_time);

/* How the text of a PATCH becomes the member's JSON. */
typedef enum fg_member_form {
    FG_MEMBER_UNKNOWN,
    FG_MEMBER_TEXT,
    FG_MEMBER_TIME, /* a number when it is one, else a text */
    FG_MEMBER_JSON, /* numbers, objects, lists */
} fg_member_form_t;
fg_member_form_t fg_plan_extension_form(fg_str_t member);
fg_member_form_t fg_key_extension_form(fg_str_t member);

#endif
