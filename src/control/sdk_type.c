/*
 * sdk_type - the languages that the service generates clients in, docs/rules/control.md SK1. They are
 * told because tools ask for them; none is generated here (differences.md).
 */
#include "control/handlers.h"
#include "control/noun.h"

typedef struct property {
    const char *name, *friendly_name, *description;
} property_t;

enum { PROPERTIES_MAX = 4 };

typedef struct type {
    const char *id, *friendly_name, *description;
    property_t properties[PROPERTIES_MAX]; /* all of them required */
} type_t;

#define CLASS_PREFIX                                                                               \
    {                                                                                              \
        "classPrefix", "Prefix", "What the names of the generated classes begin with"              \
    }

static const type_t types[] = {
    {"android",
     "Android",
     "A client in Java for Android",
     {{"groupId", "Group ID", "The Maven group of the generated client"},
      {"invokerPackage", "Invoker package", "The Java package of the generated client"},
      {"artifactId", "Artifact ID", "The Maven artifact of the generated client"},
      {"artifactVersion", "Artifact version", "The version of the generated client"}}},
    {"java",
     "Java",
     "A client in Java",
     {{"serviceName", "Service name", "What the generated client is called"},
      {"javaPackageName", "Java package name", "The Java package of the generated client"}}},
    {"javascript", "JavaScript", "A client in JavaScript", {{NULL, NULL, NULL}}},
    {"objectivec", "iOS (Objective-C)", "A client in Objective-C for iOS", {CLASS_PREFIX}},
    {"ruby", "Ruby", "A client in Ruby", {{NULL, NULL, NULL}}},
    {"swift", "iOS (Swift)", "A client in Swift for iOS", {CLASS_PREFIX}},
};

/* New references; NULL for no memory. */
static json_t *properties_json(const type_t *type)
{
    json_t *list = json_array();
    for (size_t i = 0; i < PROPERTIES_MAX && type->properties[i].name; i++) {
        const property_t *property = &type->properties[i];
        if (json_array_append_new(list,
                                  json_pack("{ss, ss, ss, sb}", "name", property->name,
                                            "friendlyName", property->friendly_name, "description",
                                            property->description, "required", 1)) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static json_t *type_json(const type_t *type)
{
    return json_pack("{ss, ss, ss, so}", "id", type->id, "friendlyName", type->friendly_name,
                     "description", type->description, "configurationProperties",
                     properties_json(type));
}

fg_status_t fg_sdk_type_get(fg_call_t *call)
{
    for (size_t i = 0; i < FG_COUNT_OF(types); i++) {
        if (!fg_str_is(call->path_part[0], types[i].id))
            continue;
        call->output = type_json(&types[i]);
        return call->output ? FG_OK : fg_call_no_memory(call);
    }
    return fg_error_set(call->error, FG_NOT_FOUND, "id", "Invalid SDK type identifier specified");
}

fg_status_t fg_sdk_type_list(fg_call_t *call)
{
    FG_JSON_SCOPED *all = json_array();
    for (size_t i = 0; i < FG_COUNT_OF(types); i++) {
        if (json_array_append_new(all, type_json(&types[i])) != 0)
            return fg_call_no_memory(call);
    }
    return fg_call_page_of(call, all);
}
