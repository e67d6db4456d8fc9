#include "control/endpoint.h"
#include "control/noun.h"

static const fg_field_t endpoint_fields[] = {
    {"types", FG_FIELD_TEXT_LIST, false, NULL},
    {"ipAddressType", FG_FIELD_TEXT, false, NULL},
    {"vpcEndpointIds", FG_FIELD_TEXT_LIST, false, NULL},
};

static fg_status_t refuse(fg_call_t *call, const char *field, const char *message)
{
    return fg_error_set(call->error, FG_BAD_REQUEST, field, "%s", message);
}

static bool is_endpoint_type(fg_str_t type)
{
    return fg_str_is(type, "REGIONAL") || fg_str_is(type, "EDGE") || fg_str_is(type, "PRIVATE");
}

/* The model's constraints on endpointConfiguration. */
static fg_status_t check_endpoint_model(fg_call_t *call, json_t *endpoint)
{
    json_t *types = json_object_get(endpoint, "types");
    size_t index;
    json_t *type;
    json_array_foreach(types, index, type)
    {
        if (is_endpoint_type(fg_json_str(type)))
            continue;
        fg_str_t shown = FG_STR_NONE;
        json_array_foreach(types, index, type)
        {
            shown = fg_arena_printf(call->arena, "%.*s%s%.*s", FG_STR_ARG(shown),
                                    shown.at ? ", " : "[", FG_STR_ARG(fg_json_str(type)));
        }
        shown = fg_arena_printf(call->arena, "%.*s]", FG_STR_ARG(shown));
        return fg_constraint_failed(
            call, "endpointConfiguration.types", shown,
            "Member must satisfy constraint: [Member must satisfy enum value set: "
            "[PRIVATE, EDGE, REGIONAL]]");
    }
    fg_str_t ip = fg_member_str(endpoint, "ipAddressType");
    if (ip.at && !fg_str_is(ip, "ipv4") && !fg_str_is(ip, "dualstack"))
        return fg_constraint_failed(call, "endpointConfiguration.ipAddressType", ip,
                                    "Member must satisfy enum value set: [ipv4, dualstack]");
    return FG_OK;
}

static bool is_private(const json_t *endpoint)
{
    return fg_str_is(fg_json_str(json_array_get(json_object_get(endpoint, "types"), 0)), "PRIVATE");
}

fg_status_t fg_endpoint_settle(fg_call_t *call, json_t *endpoint)
{
    json_t *types = json_object_get(endpoint, "types");
    if (!types) {
        types = json_pack("[s]", "EDGE");
        if (!fg_member_set(endpoint, "types", types))
            return fg_call_no_memory(call);
    }
    if (json_array_size(types) == 0)
        return refuse(call, "endpointConfiguration",
                      "REGIONAL Configuration and EDGE Configuration cannot be both DISABLED.");
    if (json_array_size(types) > 1)
        return refuse(call, "endpointConfiguration",
                      "Cannot create an api with multiple Endpoint Types.");
    fg_str_t ip = fg_member_str(endpoint, "ipAddressType");
    if (is_private(endpoint) && fg_str_is(ip, "ipv4"))
        return refuse(call, "endpointConfiguration",
                      "Only dualstack ipAddressType is supported for Private APIs.");
    if (!ip.at && !fg_member_set_str(endpoint, "ipAddressType",
                                     fg_str(is_private(endpoint) ? "dualstack" : "ipv4")))
        return fg_call_no_memory(call);
    return FG_OK;
}

fg_status_t fg_endpoint_read(fg_call_t *call, const json_t *noun, json_t *endpoint)
{
    fg_status_t status = fg_fields_read(call, json_object_get(noun, "endpointConfiguration"),
                                        endpoint_fields, FG_COUNT_OF(endpoint_fields), endpoint);
    return status == FG_OK ? check_endpoint_model(call, endpoint) : status;
}

fg_status_t fg_endpoint_edit_type(fg_call_t *call, void *noun, const fg_patch_t *patch)
{
    if (patch->op != FG_PATCH_REPLACE)
        return refuse(call, "op",
                      "Invalid patch operation specified. Must be 'add'|'remove'|'replace'");
    if (!is_endpoint_type(patch->value))
        return refuse(call, "value",
                      "Invalid EndpointTypes specified. Valid options are REGIONAL,EDGE,PRIVATE");
    json_t *endpoint = json_object_get(noun, "endpointConfiguration");
    FG_JSON_SCOPED *types = json_array();
    if (json_array_append_new(types, fg_json_new_str(patch->value)) != 0 ||
        !fg_member_set(endpoint, "types", json_incref(types)))
        return fg_call_no_memory(call);
    if (!is_private(endpoint))
        return FG_OK;
    return fg_member_set_str(endpoint, "ipAddressType", FG_STR("dualstack"))
               ? FG_OK
               : fg_call_no_memory(call);
}

fg_status_t fg_endpoint_replace_ip_type(fg_call_t *call, void *noun, const fg_patch_t *patch)
{
    json_t *endpoint = json_object_get(noun, "endpointConfiguration");
    if (!fg_str_is(patch->value, "ipv4") && !fg_str_is(patch->value, "dualstack"))
        return refuse(call, "value", "ipAddressType must be either ipv4 or dualstack.");
    if (is_private(endpoint) && fg_str_is(patch->value, "ipv4"))
        return refuse(call, "value", "Only dualstack ipAddressType is supported for Private APIs.");
    return fg_member_set_str(endpoint, "ipAddressType", patch->value) ? FG_OK
                                                                      : fg_call_no_memory(call);
}

fg_status_t fg_endpoint_edit_vpc(fg_call_t *call, void *noun, const fg_patch_t *patch)
{
    json_t *endpoint = json_object_get(noun, "endpointConfiguration");
    if (!is_private(endpoint))
        return refuse(call, "path", "VPCEndpoints can only be specified with PRIVATE apis.");
    fg_patch_t entry = *patch; /* the element is the value here, not the last part */
    entry.part[0] = FG_STR("vpcEndpointIds");
    entry.part[1] = patch->value;
    return fg_edit_list(call, endpoint, &entry);
}

bool fg_endpoint_is(const json_t *noun, const char *type)
{
    const json_t *types = json_object_get(json_object_get(noun, "endpointConfiguration"), "types");
    return fg_str_is(fg_json_str(json_array_get(types, 0)), type);
}
