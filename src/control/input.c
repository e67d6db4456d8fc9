/*
 * Members of a body, with the service's words for a wrong type (rule C4, reference 1.3). The
 * service runs on the JVM and names its classes; clients match on these texts.
 */
#include "control/operation.h"

static const char *class_of(const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_TRUE:
    case JSON_FALSE:
        return "java.lang.Boolean";
    case JSON_INTEGER:
    case JSON_REAL:
        return "com.amazon.coral.value.json.numbers.TruncatingBigNumber";
    default:
        return "java.lang.String";
    }
}

static fg_status_t wrong_type(fg_call_t *call, const char *member, const json_t *value,
                              const char *wanted)
{
    if (json_is_object(value))
        return fg_error_set(call->error, FG_SERIALIZATION, member,
                            "Start of structure or map found where not expected.");
    if (json_is_array(value))
        return fg_error_set(call->error, FG_SERIALIZATION, member,
                            "Start of list found where not expected");
    return fg_error_set(call->error, FG_SERIALIZATION, member,
                        "class %s can not be converted to an %s", class_of(value), wanted);
}

/* NULL when absent or null. */
static const json_t *present(const json_t *object, const char *member)
{
    const json_t *value = json_object_get(object, member);
    return value && !json_is_null(value) ? value : NULL;
}

fg_status_t fg_input_str(fg_call_t *call, const json_t *object, const char *member,
                         fg_str_t *ret_text)
{
    const json_t *value = present(object, member);
    if (value && !json_is_string(value))
        return wrong_type(call, member, value, "String");
    *ret_text = fg_json_str(value);
    return FG_OK;
}

fg_status_t fg_input_bool(fg_call_t *call, const json_t *object, const char *member,
                          bool *ret_value)
{
    const json_t *value = present(object, member);
    if (!value)
        return FG_OK;
    if (!json_is_boolean(value))
        return wrong_type(call, member, value, "Boolean");
    *ret_value = json_is_true(value);
    return FG_OK;
}

fg_status_t fg_input_i64(fg_call_t *call, const json_t *object, const char *member, bool *ret_has,
                         int64_t *ret_value)
{
    const json_t *value = present(object, member);
    *ret_has = false;
    if (!value)
        return FG_OK;
    if (json_is_integer(value)) {
        *ret_value = json_integer_value(value);
    } else if (json_is_real(value) && json_real_value(value) > -9e15 &&
               json_real_value(value) < 9e15) {
        *ret_value =
            (int64_t)json_real_value(value); /* 10.0, and 10.5 truncated as the service does */
    } else {
        return wrong_type(call, member, value, "Integer");
    }
    *ret_has = true;
    return FG_OK;
}

fg_status_t fg_input_double(fg_call_t *call, const json_t *object, const char *member,
                            bool *ret_has, double *ret_value)
{
    const json_t *value = present(object, member);
    *ret_has = false;
    if (!value)
        return FG_OK;
    if (!json_is_number(value))
        return wrong_type(call, member, value, "Double");
    *ret_value = json_number_value(value);
    *ret_has = true;
    return FG_OK;
}

fg_status_t fg_input_object(fg_call_t *call, const json_t *object, const char *member,
                            json_t **ret_object)
{
    json_t *value = json_object_get(object, member);
    *ret_object = NULL;
    if (!value || json_is_null(value))
        return FG_OK;
    if (!json_is_object(value)) {
        return fg_error_set(call->error, FG_SERIALIZATION, member,
                            "Expected a map or structure for %s", member);
    }
    *ret_object = value;
    return FG_OK;
}
