#include "config_schema.h"

#include "base/limits.h"

/* The tables, innermost first. */

#define TEXT(name, high)                                                                           \
    {                                                                                              \
        name, FG_CONFIG_TEXT, false, 0, high, NULL, NULL                                           \
    }
#define NEEDED_TEXT(name, high)                                                                    \
    {                                                                                              \
        name, FG_CONFIG_TEXT, true, 1, high, NULL, NULL                                            \
    }
#define PLAIN(name, kind)                                                                          \
    {                                                                                              \
        name, FG_CONFIG_##kind, false, 0, 0, NULL, NULL                                            \
    }
#define CHOICE(name, choices)                                                                      \
    {                                                                                              \
        name, FG_CONFIG_CHOICE, false, 0, 0, choices, NULL                                         \
    }
#define INTEGER(name, is_required, low, high)                                                      \
    {                                                                                              \
        name, FG_CONFIG_INTEGER, is_required, low, high, NULL, NULL                                \
    }
#define NUMBER(name, is_required, low)                                                             \
    {                                                                                              \
        name, FG_CONFIG_NUMBER, is_required, low, RATE_MAX, NULL, NULL                             \
    }
#define PART(name, kind, is_required, table)                                                       \
    {                                                                                              \
        name, FG_CONFIG_##kind, is_required, 0, 0, NULL, &(table)                                  \
    }
#define TABLE(name)                                                                                \
    static const fg_config_table_t name = {name##_members, FG_COUNT_OF(name##_members)}

#define RATE_MAX 1e12
enum { TEXT_BYTES_MAX = 1 << 20, NAME_BYTES_MAX = FG_KEY_NAME_BYTES_MAX, CACHE_TTL_S_MAX = 3600 };
#define QUOTA_MAX ((double)((INT64_C(1) << 40) - 1)) /* what a quota word counts */

static const fg_config_member_t throttle_members[] = {
    NUMBER("rateLimit", true, 0),
    INTEGER("burstLimit", true, 0, INT32_MAX),
};
TABLE(throttle);

static const fg_config_member_t quota_members[] = {
    INTEGER("limit", true, 0, QUOTA_MAX),
    {"period", FG_CONFIG_CHOICE, true, 0, 0, "DAY, WEEK, MONTH", NULL},
    INTEGER("offset", false, 0, 27),
};
TABLE(quota);

static const fg_config_member_t account_members[] = {PART("throttle", OBJECT, true, throttle)};
TABLE(account);

static const fg_config_member_t setting_members[] = {
    PLAIN("metricsEnabled", BOOL),
    CHOICE("loggingLevel", "OFF, ERROR, INFO"),
    PLAIN("dataTraceEnabled", BOOL),
    INTEGER("throttlingBurstLimit", false, -1, INT32_MAX),
    NUMBER("throttlingRateLimit", false, -1),
    PLAIN("cachingEnabled", BOOL),
    INTEGER("cacheTtlInSeconds", false, 0, CACHE_TTL_S_MAX),
    PLAIN("cacheDataEncrypted", BOOL),
    PLAIN("requireAuthorizationForCacheControl", BOOL),
    CHOICE("unauthorizedCacheControlHeaderStrategy",
           "FAIL_WITH_403, SUCCEED_WITH_RESPONSE_HEADER, SUCCEED_WITHOUT_RESPONSE_HEADER"),
};
TABLE(setting);

static const fg_config_member_t access_log_members[] = {
    TEXT("destinationArn", TEXT_BYTES_MAX),
    TEXT("format", TEXT_BYTES_MAX),
};
TABLE(access_log);

static const fg_config_member_t stage_members[] = {
    NEEDED_TEXT("name", FG_STAGE_NAME_BYTES_MAX),
    TEXT("description", FG_DESCRIPTION_BYTES_MAX),
    PLAIN("variables", TEXT_MAP),
    PART("methodSettings", MAP, false, setting),
    PLAIN("deploy", BOOL),
    PLAIN("tracingEnabled", BOOL),
    PLAIN("cacheClusterEnabled", BOOL),
    CHOICE("cacheClusterSize", "0.5, 1.6, 6.1, 13.5, 28.4, 58.2, 118, 237"),
    PART("accessLogSettings", OBJECT, false, access_log),
    PLAIN("tags", TEXT_MAP),
};
TABLE(stage);

static const fg_config_member_t api_members[] = {
    NEEDED_TEXT("name", NAME_BYTES_MAX),
    TEXT("description", FG_DESCRIPTION_BYTES_MAX),
    CHOICE("apiKeySource", "HEADER, AUTHORIZER, QUERY"),
    CHOICE("endpointType", "EDGE, REGIONAL, PRIVATE"),
    PLAIN("definition", ANY_OBJECT),
    TEXT("definitionFile", TEXT_BYTES_MAX),
    PLAIN("tags", TEXT_MAP),
    PART("stages", LIST, false, stage),
};
TABLE(api);

static const fg_config_member_t api_stage_members[] = {
    NEEDED_TEXT("api", NAME_BYTES_MAX),
    NEEDED_TEXT("stage", FG_STAGE_NAME_BYTES_MAX),
    PART("throttle", MAP, false, throttle),
};
TABLE(api_stage);

static const fg_config_member_t address_rule_members[] = {
    NEEDED_TEXT("cidr", 64),
    {"action", FG_CONFIG_CHOICE, true, 0, 0, "allow, deny", NULL},
};
TABLE(address_rule);

static const fg_config_member_t plan_extension_members[] = {
    CHOICE("quotaScope", "KEY, CUSTOMER"),
    CHOICE("usageOnMove", "KEEP, FRESH"),
    CHOICE("outagePolicy", "strict, allowance, open"),
    INTEGER("outageAllowancePercent", false, 0, 100),
    PLAIN("countedStatuses", TEXT_LIST),
    PART("addressThrottle", OBJECT, false, throttle),
    PART("addressRules", LIST, false, address_rule),
    TEXT("shadowPlan", NAME_BYTES_MAX),
    {"alertThresholds", FG_CONFIG_INTEGER_LIST, false, 1, 100, NULL, NULL},
    TEXT("alertWebhookUrl", 2048),
};
TABLE(plan_extension);

static const fg_config_member_t plan_members[] = {
    NEEDED_TEXT("name", NAME_BYTES_MAX),
    TEXT("description", FG_DESCRIPTION_BYTES_MAX),
    PART("throttle", OBJECT, false, throttle),
    PART("quota", OBJECT, false, quota),
    PART("apiStages", LIST, false, api_stage),
    PLAIN("tags", TEXT_MAP),
    PART("faregate", OBJECT, false, plan_extension),
};
TABLE(plan);

static const fg_config_member_t override_quota_members[] = {INTEGER("limit", true, 0, QUOTA_MAX)};
TABLE(override_quota);

static const fg_config_member_t override_members[] = {
    PART("throttle", OBJECT, false, throttle),
    PART("quota", OBJECT, false, override_quota),
    PLAIN("until", TIME),
    TEXT("reason", 256),
};
TABLE(override);

static const fg_config_member_t key_extension_members[] = {
    PLAIN("notBefore", TIME),
    PLAIN("expiresAt", TIME),
    PART("addressRules", LIST, false, address_rule),
    PART("overrides", MAP, false, override),
};
TABLE(key_extension);

static const fg_config_member_t key_members[] = {
    NEEDED_TEXT("name", NAME_BYTES_MAX),
    TEXT("description", FG_DESCRIPTION_BYTES_MAX),
    PLAIN("enabled", BOOL),
    TEXT("customerId", TEXT_BYTES_MAX),
    {"value", FG_CONFIG_TEXT, false, FG_KEY_VALUE_BYTES_MIN, FG_KEY_VALUE_BYTES_MAX, NULL, NULL},
    PLAIN("plans", TEXT_LIST),
    PLAIN("tags", TEXT_MAP),
    PART("faregate", OBJECT, false, key_extension),
};
TABLE(key);

static const fg_config_member_t root_members[] = {
    INTEGER("faregate", true, 1, 1),         {"name", FG_CONFIG_TEXT, false, 1, 256, NULL, NULL},
    PART("account", OBJECT, false, account), PART("apis", LIST, false, api),
    PART("plans", LIST, false, plan),        PART("keys", LIST, false, key),
};
const fg_config_table_t fg_config_root = {root_members, FG_COUNT_OF(root_members)};
