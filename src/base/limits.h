/*
 * limits - every maximum, in one place. Sources are the AWS quota page ([doc]) unless said.
 */
#ifndef FG_BASE_LIMITS_H
#define FG_BASE_LIMITS_H

enum {
    /* API keys (rules K2, K3) */
    FG_KEY_VALUE_BYTES_MIN = 20,
    FG_KEY_VALUE_BYTES_MAX = 128,
    FG_KEY_VALUE_GENERATED_BYTES = 40,
    FG_KEY_NAME_BYTES_MAX = 1024,
    FG_DESCRIPTION_BYTES_MAX = 125000,

    /* identifiers */
    FG_ID_LONG_BYTES = 10, /* REST APIs, API keys, root resources */
    FG_ID_SHORT_BYTES = 6, /* everything else */
    FG_ID_BYTES_MAX = 12,  /* what fg_id_pack takes */
    FG_STAGE_NAME_BYTES_MAX = 128,

    /* plans */
    FG_PLANS_PER_KEY_MAX = 10,
    FG_STAGES_PER_PLAN_MAX = 1000, /* ours */
    FG_METHOD_THROTTLES_PER_STAGE_MAX = 20,

    /* REST APIs */
    FG_AUTHORIZERS_PER_API_MAX = 100, /* AWS: 10, and more on demand */
    FG_RESOURCES_PER_API_MAX = 10000, /* AWS: 300; ours is what the route snapshot is tested with */
    FG_PATH_BYTES_MAX = 8192,         /* ours: request paths */
    FG_PATH_DEPTH_MAX = 64,           /* ours */
    FG_PATH_PARAMS_MAX = 16,          /* ours: variables in one resource path */
    FG_STAGE_VARIABLES_MAX = 100,
    FG_STAGE_VARIABLE_NAME_BYTES_MAX = 64,
    FG_STAGE_VARIABLE_VALUE_BYTES_MAX = 512,
    FG_TEMPLATE_BYTES_MAX = 300 * 1024,
    FG_MODEL_SCHEMA_BYTES_MAX = 400 * 1024,
    FG_MODELS_PER_API_MAX = 2000,      /* ours */
    FG_MODEL_NAME_BYTES_MAX = 128,     /* ours */
    FG_VALIDATORS_PER_API_MAX = 1000,  /* ours */
    FG_VALIDATOR_NAME_BYTES_MAX = 128, /* ours */
    FG_INTEGRATION_TIMEOUT_MS_MIN = 50,
    FG_INTEGRATION_TIMEOUT_MS_MAX = 29000,
    FG_BACKEND_ADDRESSES_MAX = 8,             /* ours: addresses kept of one backend name */
    FG_DOCUMENTATION_PARTS_MAX = 2000,        /* of one API */
    FG_DOCUMENTATION_VERSIONS_MAX = 100,      /* ours: of one API; each is a copy of all parts */
    FG_DOCUMENTATION_VERSION_BYTES_MAX = 128, /* ours */

    /* VPC links and domain names */
    FG_VPC_LINKS_MAX = 1000,        /* AWS: 20 */
    FG_VPC_LINK_TARGETS_MAX = 10,   /* ours */
    FG_DOMAIN_NAMES_MAX = 1000,     /* AWS: 120 */
    FG_DOMAIN_NAME_BYTES_MAX = 253, /* DNS */
    FG_DOMAIN_LABEL_BYTES_MAX = 63, /* DNS */
    FG_BASE_PATHS_PER_DOMAIN_MAX = 200,
    FG_BASE_PATH_BYTES_MAX = 300,  /* AWS: of an API mapping's key */
    FG_DOMAIN_ACCESSES_MAX = 1000, /* ours */

    /* certificates */
    FG_CLIENT_CERTIFICATES_MAX = 60,
    FG_PEM_BYTES_MAX = 64 * 1024,         /* ours: a certificate, and a chain */
    FG_PRIVATE_KEY_BYTES_MAX = 16 * 1024, /* ours */

    /* control API */
    FG_PAGE_DEFAULT = 25,
    FG_PAGE_MAX = 500,
    FG_CONTROL_BODY_BYTES_MAX = 6 * 1024 * 1024, /* an API definition file */
    FG_JSON_DEPTH_MAX = 64,                      /* ours */
    FG_YAML_ALIAS_BYTES_MAX = 1024 * 1024,       /* ours: what aliases may add to a document */
    FG_PATCH_OPERATIONS_MAX = 1000,              /* ours */
    FG_TAGS_MAX = 50,
    FG_TEST_PAIRS_MAX = 256, /* ours: headers and query parameters of one test invocation */
    FG_SIGNATURE_SKEW_S = 300,
    FG_CLIENT_TOKEN_BYTES_MAX = 64,   /* ours */
    FG_CLIENT_TOKEN_S = 24 * 60 * 60, /* ours: how long a create may be sent again */

    /* the gate (ours) */
    FG_CAS_MAX = 1000, /* lost rounds before a request is refused as contention */
};

#endif
