#include "mapping/header_rules.h"

static bool is_one_of(fg_str_t name, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (fg_str_eq_nocase(name, fg_str(names[i])))
            return true;
    }
    return false;
}
#define IS_ONE_OF(name, names) is_one_of(name, names, FG_COUNT_OF(names))

bool fg_header_is_dropped(fg_str_t name)
{
    static const char *const names[] = {"Connection",
                                        "Content-Length",
                                        "Content-MD5",
                                        "Expect",
                                        "Max-Forwards",
                                        "Proxy-Authenticate",
                                        "Server",
                                        "TE",
                                        "Transfer-Encoding",
                                        "Trailer",
                                        "Upgrade",
                                        "WWW-Authenticate"};
    return IS_ONE_OF(name, names);
}

bool fg_header_is_kept_back(fg_str_t name)
{
    static const char *const names[] = {"Host", "Content-Encoding", "Via"};
    return fg_header_is_dropped(name) || IS_ONE_OF(name, names);
}

bool fg_header_is_reserved(fg_str_t name, bool is_aws)
{
    static const char *const names[] = {"Content-Length", "Transfer-Encoding", "X-Amzn-Trace-Id",
                                        "X-Amzn-Apigateway-Api-Id"};
    static const char *const aws_names[] = {"Authorization", "Connection", "Expect",
                                            "Proxy-Authenticate", "TE"};
    return IS_ONE_OF(name, names) || (is_aws && IS_ONE_OF(name, aws_names));
}

bool fg_header_is_unheard(fg_str_t name)
{
    static const char *const names[] = {"Via", "Expect", "TE", "Proxy-Authenticate", "Connection"};
    return IS_ONE_OF(name, names);
}

bool fg_header_is_remapped(fg_str_t name, fg_header_path_t path)
{
    static const char *const custom[] = {
        "Authorization", "Connection", "Content-Length", "Content-MD5",        "Date",
        "Expect",        "Host",       "Max-Forwards",   "Proxy-Authenticate", "Server",
        "Trailer",       "Upgrade",    "User-Agent",     "WWW-Authenticate"};
    static const char *const proxy[] = {"Connection", "Content-Length", "Date", "Server",
                                        "x-amzn-RequestId"};
    return path == FG_HEADER_PROXY ? IS_ONE_OF(name, proxy) : IS_ONE_OF(name, custom);
}

bool fg_header_is_left_out(fg_str_t name, fg_header_path_t path)
{
    static const char *const proxy[] = {"Content-Encoding", "Via"};
    return fg_str_eq_nocase(name, FG_STR("Transfer-Encoding")) ||
           (path == FG_HEADER_PROXY && IS_ONE_OF(name, proxy));
}
