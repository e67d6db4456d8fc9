/*
 * security - security schemes: API keys, AWS_IAM and authorizers. Rules OA2, OA3.
 */
#include "openapi/context.h"

#define AUTHORIZER "x-amazon-apigateway-authorizer"
#define AUTHTYPE   "x-amazon-apigateway-authtype"
#define AUTH       "x-amazon-apigateway-auth"
/* The header of a scheme whose authorizer names its sources itself. */
#define UNUSED "Unused"

typedef enum scheme { SCHEME_UNSUPPORTED, SCHEME_KEY, SCHEME_IAM, SCHEME_AUTHORIZER } scheme_t;

static const char *const authorizer_members[] = {
    "authorizerUri", "authorizerCredentials",        "identitySource",
    "providerARNs",  "identityValidationExpression", "authorizerResultTtlInSeconds",
};

static const json_t *schemes_of(const fg_openapi_t *context)
{
    const json_t *document = context->document;
    return context->is_3
               ? json_object_get(json_object_get(document, "components"), "securitySchemes")
               : json_object_get(document, "securityDefinitions");
}

static bool is_word(const json_t *object, const char *name, const char *word)
{
    return fg_str_eq_nocase(fg_openapi_text(object, name), fg_str(word));
}

static scheme_t kind_of(const json_t *scheme)
{
    if (json_is_object(json_object_get(scheme, AUTHORIZER)))
        return SCHEME_AUTHORIZER;
    if (is_word(scheme, AUTHTYPE, "awsSigv4"))
        return SCHEME_IAM;
    bool is_key = is_word(scheme, "type", "apiKey") && is_word(scheme, "in", "header") &&
                  is_word(scheme, "name", "x-api-key");
    return is_key ? SCHEME_KEY : SCHEME_UNSUPPORTED;
}

/* ---- reading: authorizers ---- */

/* Where the token comes from is the scheme's own business when the extension says nothing. */
static void put_identity_source(fg_openapi_t *context, const json_t *scheme, json_t *authorizer)
{
    const char *name = json_string_value(json_object_get(scheme, "name"));
    bool is_named = name && is_word(scheme, "in", "header") && strcmp(name, UNUSED) != 0;
    if (!is_named || json_object_get(authorizer, "identitySource") ||
        is_word(authorizer, "type", "REQUEST"))
        return;
    fg_openapi_put_str(context, authorizer, "identitySource",
                       fg_str(fg_openapi_printf(context, "method.request.header.%s", name)));
}

fg_status_t fg_openapi_authorizers_read(fg_openapi_t *context)
{
    const char *name;
    json_t *scheme;
    json_object_foreach((json_t *)(uintptr_t)schemes_of(context), name, scheme)
    {
        if (kind_of(scheme) != SCHEME_AUTHORIZER)
            continue;
        const json_t *from = json_object_get(scheme, AUTHORIZER);
        fg_str_t type = fg_openapi_text(from, "type");
        if (!type.at)
            return fg_openapi_refuse(
                context, fg_openapi_printf(context, "securitySchemes.%s." AUTHORIZER, name),
                "type is missing");
        json_t *authorizers = fg_openapi_child(context, context->definition, "authorizers");
        json_t *authorizer = fg_openapi_child(context, authorizers, name);
        fg_openapi_put_str(context, authorizer, "type", fg_openapi_upper(context, type));
        if (fg_openapi_text(scheme, AUTHTYPE).at)
            fg_openapi_put_str(context, authorizer, "authType", fg_openapi_text(scheme, AUTHTYPE));
        fg_openapi_copy_all(context, authorizer, from, authorizer_members,
                            FG_COUNT_OF(authorizer_members));
        put_identity_source(context, scheme, authorizer);
    }
    return FG_OK;
}

/* ---- reading: what a method asks for ---- */

static void use_authorizer(fg_openapi_t *context, const char *name, const json_t *scopes,
                           json_t *method)
{
    const json_t *authorizers = json_object_get(context->definition, "authorizers");
    bool is_cognito = is_word(json_object_get(authorizers, name), "type", "COGNITO_USER_POOLS");
    fg_openapi_put_str(context, method, "authorizationType",
                       is_cognito ? FG_STR("COGNITO_USER_POOLS") : FG_STR("CUSTOM"));
    fg_openapi_put(context, method, "authorizerName", json_string(name));
    if (is_cognito && json_array_size(scopes))
        fg_openapi_put(context, method, "authorizationScopes", json_deep_copy(scopes));
}

/* Rule OA3: a name that no scheme has would leave the method open by a slip of the pen. */
static fg_status_t use_scheme(fg_openapi_t *context, const char *name, const json_t *scopes,
                              const fg_openapi_place_t *place, json_t *method)
{
    const json_t *scheme = json_object_get(schemes_of(context), name);
    const char *where =
        fg_openapi_printf(context, "paths.%s(%s).security.%s", place->path, place->verb, name);
    if (!scheme)
        return fg_openapi_refuse(context, where, "there is no such security scheme");
    switch (kind_of(scheme)) {
    case SCHEME_KEY:
        fg_openapi_put(context, method, "apiKeyRequired", json_true());
        break;
    case SCHEME_IAM:
        fg_openapi_put_str(context, method, "authorizationType", FG_STR("AWS_IAM"));
        break;
    case SCHEME_AUTHORIZER:
        if (json_object_get(method, "authorizerName"))
            fg_openapi_warn(context, "%s: a method has one authorizer", where);
        else
            use_authorizer(context, name, scopes, method);
        break;
    case SCHEME_UNSUPPORTED:
        fg_openapi_warn(context, "%s: this kind of security scheme is not supported", where);
        break;
    }
    return FG_OK;
}

fg_status_t fg_openapi_security_read(fg_openapi_t *context, const json_t *operation,
                                     const fg_openapi_place_t *place, json_t *method)
{
    size_t index;
    json_t *requirement, *scopes;
    const char *name;
    const json_t *security = json_object_get(operation, "security");
    fg_str_t auth = fg_openapi_text(json_object_get(operation, AUTH), "type");
    if (!security)
        security = json_object_get(context->document, "security");
    fg_openapi_put_str(context, method, "authorizationType",
                       auth.at ? fg_openapi_upper(context, auth) : FG_STR("NONE"));
    fg_openapi_put(context, method, "apiKeyRequired", json_false());
    json_array_foreach(security, index, requirement)
    {
        json_object_foreach(requirement, name, scopes)
        {
            fg_status_t status = use_scheme(context, name, scopes, place, method);
            if (status != FG_OK)
                return status;
        }
    }
    return FG_OK;
}

/* ---- writing ---- */

/* `wanted`, with underlines behind it while an authorizer has the name. */
static fg_str_t free_name(fg_openapi_t *context, const char *wanted)
{
    const json_t *authorizers = json_object_get(context->source, "authorizers");
    while (json_object_get(authorizers, wanted) && !context->is_out_of_memory)
        wanted = fg_openapi_printf(context, "%s_", wanted);
    return fg_str(wanted);
}

/* The header that an identity source names alone; else UNUSED, as the service writes it. */
static fg_str_t header_of(const json_t *authorizer)
{
    fg_str_t source = fg_openapi_text(authorizer, "identitySource");
    fg_str_t prefix = FG_STR("method.request.header.");
    if (is_word(authorizer, "type", "REQUEST") || !fg_str_starts_with(source, prefix) ||
        fg_str_find(source, ',') < source.len)
        return FG_STR(UNUSED);
    return fg_str_of(source.at + prefix.len, source.len - prefix.len);
}

static json_t *scheme_new(fg_openapi_t *context, fg_str_t header, const char *authtype)
{
    json_t *scheme =
        json_pack("{ss, ss%, ss}", "type", "apiKey", "name", header.at, header.len, "in", "header");
    if (authtype && context->options->has_authorizers)
        fg_openapi_put(context, scheme, AUTHTYPE, json_string(authtype));
    return scheme;
}

static json_t *authorizer_scheme(fg_openapi_t *context, const json_t *authorizer)
{
    const char *authtype = json_string_value(json_object_get(authorizer, "authType"));
    fg_str_t header = header_of(authorizer);
    json_t *scheme = scheme_new(context, header, authtype);
    if (!context->options->has_authorizers)
        return scheme;
    json_t *to = fg_openapi_child(context, scheme, AUTHORIZER);
    fg_openapi_put_str(context, to, "type",
                       fg_openapi_lower(context, fg_openapi_text(authorizer, "type")));
    fg_openapi_copy_all(context, to, authorizer, authorizer_members,
                        FG_COUNT_OF(authorizer_members));
    if (!fg_str_is(header, UNUSED)) /* the scheme says it */
        json_object_del(to, "identitySource");
    return scheme;
}

static bool is_any(const json_t *definition, bool (*fits)(const json_t *method))
{
    const char *path, *verb;
    json_t *methods, *method;
    json_object_foreach(json_object_get(definition, "resources"), path, methods)
    {
        json_object_foreach(methods, verb, method)
        {
            if (fits(method))
                return true;
        }
    }
    return false;
}

static bool needs_key(const json_t *method)
{
    return json_is_true(json_object_get(method, "apiKeyRequired"));
}

static bool needs_iam(const json_t *method)
{
    return is_word(method, "authorizationType", "AWS_IAM");
}

void fg_openapi_schemes_write(fg_openapi_t *context, json_t *document)
{
    const json_t *authorizers = json_object_get(context->source, "authorizers");
    const char **names = fg_openapi_sorted(context, authorizers);
    json_t *schemes = json_object();
    context->key_scheme = free_name(context, "api_key");
    context->iam_scheme = free_name(context, "sigv4");
    if (is_any(context->source, needs_key))
        fg_openapi_put(context, schemes, context->key_scheme.at,
                       scheme_new(context, FG_STR("x-api-key"), NULL));
    if (is_any(context->source, needs_iam))
        fg_openapi_put(context, schemes, context->iam_scheme.at,
                       scheme_new(context, FG_STR("Authorization"), "awsSigv4"));
    for (size_t i = 0; names && names[i]; i++)
        fg_openapi_put(context, schemes, names[i],
                       authorizer_scheme(context, json_object_get(authorizers, names[i])));
    if (json_object_size(schemes) == 0)
        json_decref(schemes);
    else if (context->is_3)
        fg_openapi_put(context, fg_openapi_child(context, document, "components"),
                       "securitySchemes", schemes);
    else
        fg_openapi_put(context, document, "securityDefinitions", schemes);
}

static void require(fg_openapi_t *context, json_t *security, fg_str_t scheme, const json_t *scopes)
{
    json_t *requirement = json_object();
    const char *name = fg_openapi_printf(context, "%.*s", FG_STR_ARG(scheme));
    fg_openapi_put(context, requirement, name, scopes ? json_deep_copy(scopes) : json_array());
    fg_openapi_append(context, security, requirement);
}

void fg_openapi_security_write(fg_openapi_t *context, const json_t *method, json_t *operation)
{
    FG_JSON_SCOPED *security = json_array();
    fg_str_t authorizer = fg_openapi_text(method, "authorizerName");
    if (authorizer.at)
        require(context, security, authorizer, json_object_get(method, "authorizationScopes"));
    if (needs_iam(method))
        require(context, security, context->iam_scheme, NULL);
    if (needs_key(method))
        require(context, security, context->key_scheme, NULL);
    fg_str_t type = fg_openapi_text(method, "authorizationType");
    bool is_said = authorizer.at || needs_iam(method) || fg_str_is(type, "NONE");
    if (type.at && !is_said) /* Rule OA3: what lost its authorizer stays closed */
        fg_openapi_put(context, operation, AUTH, json_pack("{ss%}", "type", type.at, type.len));
    if (json_array_size(security))
        fg_openapi_put(context, operation, "security", json_incref(security));
}
