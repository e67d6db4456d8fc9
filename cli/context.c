#include "context.h"

#include "places.h"

#include <stdlib.h>

enum { CREDENTIALS_BYTES_MAX = 1024 * 1024 };

bool fg_credentials_read(const char *path, const char *profile, fg_credentials_t *ret_credentials)
{
    fg_str_t rest = fg_read_file(path, CREDENTIALS_BYTES_MAX);
    const char *heading = fg_text("[%s]", profile);
    bool is_ours = false;

    ret_credentials->key_id = ret_credentials->secret = ret_credentials->session_token = NULL;
    while (rest.at) {
        fg_str_t line = fg_str_trim(fg_str_cut(&rest, '\n'));
        if (line.len && line.at[0] == '[')
            is_ours = fg_str_is(line, heading);
        if (!is_ours || line.len == 0 || line.at[0] == '#' || line.at[0] == ';')
            continue;
        fg_str_t name = fg_str_trim(fg_str_cut(&line, '='));
        if (!line.at)
            continue;
        const char *value = fg_text_of(fg_str_trim(line));
        if (fg_str_is(name, "aws_access_key_id"))
            ret_credentials->key_id = value;
        else if (fg_str_is(name, "aws_secret_access_key"))
            ret_credentials->secret = value;
        else if (fg_str_is(name, "aws_session_token"))
            ret_credentials->session_token = value;
    }
    return ret_credentials->key_id && ret_credentials->secret;
}

/* NULL for a variable that is empty, too. */
static const char *variable(const char *name)
{
    const char *value = getenv(name);

    return value && *value ? value : NULL;
}

static const char *first_variable(const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (variable(names[i]))
            return variable(names[i]);
    }
    return NULL;
}

static const char *find_endpoint(const fg_wishes_t *wishes, const char *data_dir)
{
    static const char *const names[] = {"FAREGATE_ENDPOINT", "AWS_ENDPOINT_URL_API_GATEWAY",
                                        "AWS_ENDPOINT_URL"};
    const char *named = wishes->endpoint;
    fg_instance_t instance;

    /* A data directory that was named says more than the environment does. */
    if (!named && !wishes->data_dir)
        named = first_variable(names, FG_COUNT_OF(names));
    if (named) {
        fg_str_t text = fg_str(named);
        while (text.len && text.at[text.len - 1] == '/')
            text.len--;
        return fg_text_of(text);
    }
    if (data_dir && fg_instance_read(data_dir, &instance) && instance.control_url)
        return instance.control_url;
    return "http://127.0.0.1:8081";
}

static const char *shared_file(void)
{
    const char *named = variable("AWS_SHARED_CREDENTIALS_FILE");
    const char *home = variable("HOME");

    return named ? named : fg_text("%s/.aws/credentials", home ? home : "");
}

static bool from_data_dir(const char *data_dir, fg_context_t *context)
{
    const char *path = data_dir ? fg_text("%s/credentials", data_dir) : NULL;

    context->source = path;
    return path && fg_credentials_read(path, "default", &context->credentials);
}

static bool from_shared(const char *profile, fg_context_t *context)
{
    context->source = shared_file();
    return fg_credentials_read(context->source, profile ? profile : "default",
                               &context->credentials);
}

static bool from_environment(fg_context_t *context)
{
    context->source = "AWS_ACCESS_KEY_ID";
    context->credentials.key_id = variable("AWS_ACCESS_KEY_ID");
    context->credentials.secret = variable("AWS_SECRET_ACCESS_KEY");
    context->credentials.session_token = variable("AWS_SESSION_TOKEN");
    return context->credentials.key_id && context->credentials.secret;
}

/* In the order of the header; a profile that was named and is not there is an error, not a reason
 * to look on. */
static bool find_credentials(const fg_wishes_t *wishes, const char *data_dir, fg_context_t *context)
{
    if (wishes->profile)
        return from_shared(wishes->profile, context);
    if (wishes->data_dir && from_data_dir(wishes->data_dir, context))
        return true;
    if (from_environment(context))
        return true;
    if (variable("AWS_PROFILE") || variable("AWS_SHARED_CREDENTIALS_FILE"))
        return from_shared(variable("AWS_PROFILE"), context);
    return from_data_dir(data_dir, context) || from_shared(NULL, context);
}

fg_status_t fg_context_find(const fg_wishes_t *wishes, fg_context_t *ret_context,
                            fg_error_t *reterr)
{
    static const char *const regions[] = {"AWS_REGION", "AWS_DEFAULT_REGION"};
    const char *data_dir = fg_place_data_dir(wishes->data_dir);
    const char *region =
        wishes->region ? wishes->region : first_variable(regions, FG_COUNT_OF(regions));

    *ret_context = (fg_context_t){.endpoint = find_endpoint(wishes, data_dir),
                                  .client_token = wishes->client_token};
    if (!find_credentials(wishes, data_dir, ret_context)) {
        if (wishes->profile)
            return fg_error_set(reterr, FG_UNAUTHENTICATED, "",
                                "The config profile (%s) could not be found", wishes->profile);
        return fg_error_set(reterr, FG_UNAUTHENTICATED, "",
                            "Unable to locate credentials. Name the data directory with --data-dir "
                            "or FAREGATE_DATA_DIR, or set AWS_ACCESS_KEY_ID and "
                            "AWS_SECRET_ACCESS_KEY");
    }
    ret_context->credentials.region = region ? region : "us-east-1";
    return FG_OK;
}
