#include "nginx_conf.h"

#include "base/limits.h"

#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
    FILES_MAX = 65536,        /* descriptors of one worker, as far as the hard limit lets it */
    FILES_PER_CONNECTION = 2, /* the client's and the backend's */
    FILES_RESERVED = 32,      /* logs, listening sockets, the gate */
    CONNECTIONS_MIN = 64,
};

const char *fg_nginx_conf_system_certificates(void)
{
    static const char path[] = "/etc/ssl/certs/ca-certificates.crt";

    return access(path, R_OK) == 0 ? path : NULL;
}

/*
 * Everything is written between double quotes; what would end them or start a variable is refused.
 */
static bool is_plain(const char *text)
{
    if (text == NULL || *text == '\0') {
        return false;
    }
    for (const char *at = text; *at; at++) {
        if ((unsigned char)*at < ' ' || *at == '"' || *at == '\\' || *at == '$') {
            return false;
        }
    }
    return true;
}

static bool is_plain_or_absent(const char *text)
{
    return text == NULL || is_plain(text);
}

static bool is_writable(const fg_nginx_conf_t *options)
{
    return is_plain(options->module_path) && is_plain(options->gate_path) &&
           is_plain(options->data_address) && is_plain(options->control_address) &&
           is_plain(options->control_socket) && is_plain(options->log_dir) &&
           is_plain(options->temp_dir) && is_plain(options->pid_path) &&
           is_plain_or_absent(options->trusted_proxies) &&
           is_plain_or_absent(options->user) && is_plain_or_absent(options->trusted_certificates);
}

static unsigned files_per_worker(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_max > FILES_MAX) {
        return FILES_MAX;
    }
    return (unsigned)limit.rlim_max;
}

static unsigned connections_per_worker(unsigned files)
{
    if (files < FILES_RESERVED + FILES_PER_CONNECTION * CONNECTIONS_MIN) {
        return CONNECTIONS_MIN;
    }
    return (files - FILES_RESERVED) / FILES_PER_CONNECTION;
}

static void write_main(const fg_nginx_conf_t *options, FILE *out)
{
    unsigned files = files_per_worker();

    fprintf(out, "# Written by faregate at every start: changes here are lost.\n");
    fprintf(out, "load_module \"%s\";\n", options->module_path);
    fprintf(out, "daemon off;\n");
    fprintf(out, "pid \"%s\";\n", options->pid_path);
    fprintf(out, "error_log \"%s/error.log\" notice;\n", options->log_dir);
    if (options->user) {
        fprintf(out, "user \"%s\";\n", options->user);
    }
    if (options->worker_count > 0) {
        fprintf(out, "worker_processes %u;\n", options->worker_count);
    } else {
        fprintf(out, "worker_processes auto;\n");
    }
    fprintf(out, "worker_rlimit_nofile %u;\n", files);
    fprintf(out, "\nevents {\n    worker_connections %u;\n}\n\n", connections_per_worker(files));
}

static void write_temp_paths(const fg_nginx_conf_t *options, FILE *out)
{
    static const char *const users[] = {"client_body", "proxy", "fastcgi", "uwsgi", "scgi"};

    for (size_t i = 0; i < FG_COUNT_OF(users); i++) {
        fprintf(out, "    %s_temp_path \"%s/%s\";\n", users[i], options->temp_dir, users[i]);
    }
    fputc('\n', out);
}

/* Without the query: a key may stand there, and in a presigned control call the signature. */
static void write_logging(const fg_nginx_conf_t *options, FILE *out)
{
    fputs(
        "    log_format faregate '$remote_addr [$time_iso8601] '\n"
        "        '\"$request_method $faregate_path $server_protocol\" $status $body_bytes_sent '\n"
        "        '$request_time $faregate_request_id $faregate_api_id $faregate_stage '\n"
        "        '$faregate_verdict $faregate_reason key=$faregate_key_id "
        "plan=$faregate_plan_id '\n"
        "        'counted=$faregate_counted_day';\n"
        "    log_format faregate_control '$remote_addr [$time_iso8601] '\n"
        "        '\"$request_method $faregate_path $server_protocol\" $status '\n"
        "        '$body_bytes_sent $request_time \"$http_user_agent\"';\n",
        out);
    if (options->is_access_log_off)
        fputs("    access_log off;\n\n", out);
    else
        fprintf(out, "    access_log \"%s/access.log\" faregate buffer=64k flush=1s;\n\n",
                options->log_dir);
}

static void write_backends(FILE *out)
{
    /*
     * The https one keeps no connections: nginx would share them by address alone, whatever
     * name was verified.
     */
    fputs("    upstream faregate_http {\n"
          "        server 0.0.0.1;\n"
          "        faregate_balancer;\n"
          "        keepalive 128;\n"
          "        keepalive_requests 1000000;\n"
          "    }\n"
          "    upstream faregate_https {\n"
          "        server 0.0.0.1;\n"
          "        faregate_balancer;\n"
          "    }\n\n",
          out);
}

static void write_tls(const fg_nginx_conf_t *options, FILE *out)
{
    fputs("            proxy_ssl_server_name on;\n"
          "            proxy_ssl_name $faregate_backend_name;\n"
          "            proxy_ssl_protocols TLSv1.2 TLSv1.3;\n",
          out);
    if (options->trusted_certificates) {
        fprintf(out,
                "            proxy_ssl_verify on;\n"
                "            proxy_ssl_verify_depth 5;\n"
                "            proxy_ssl_trusted_certificate \"%s\";\n",
                options->trusted_certificates);
    }
}

static void write_trusted_proxies(const fg_nginx_conf_t *options, FILE *out)
{
    const char *at = options->trusted_proxies;

    while (at && *at) {
        size_t length = strcspn(at, ",");
        fprintf(out, "        set_real_ip_from \"%.*s\";\n", (int)length, at);
        at += length + (at[length] == ',');
    }
    if (options->trusted_proxies) {
        fputs("        real_ip_header X-Forwarded-For;\n"
              "        real_ip_recursive on;\n",
              out);
    }
}

static void write_data_server(const fg_nginx_conf_t *options, FILE *out)
{
    fprintf(out, "    server {\n        listen %s:%u;\n", options->data_address,
            (unsigned)options->data_port);
    fputs("        server_name _;\n"
          "        faregate_gateway on;\n",
          out);
    write_trusted_proxies(options, out);
    if (!options->is_exact) {
        fputs("        faregate_limit_headers on;\n"
              "        faregate_problem_json on;\n",
              out);
    }
    fputs("        client_max_body_size 10m;\n"
          "        client_body_buffer_size 64k;\n"
          "        request_pool_size 8k;\n"
          "        keepalive_requests 1000000;\n"
          "        underscores_in_headers on;\n\n"
          "        location / {\n"
          "            proxy_pass "
          "$faregate_backend_scheme://$faregate_upstream$faregate_backend_uri;\n"
          "            proxy_method $faregate_backend_method;\n"
          "            proxy_http_version 1.1;\n"
          "            proxy_set_header Host $faregate_backend_host;\n"
          "            proxy_set_header Connection \"\";\n"
          "            proxy_redirect off;\n"
          "            proxy_connect_timeout 29s;\n"
          "            proxy_send_timeout 29s;\n"
          "            proxy_read_timeout 29s;\n"
          "            proxy_next_upstream_timeout 29s;\n"
          "            proxy_ignore_headers X-Accel-Redirect X-Accel-Expires X-Accel-Limit-Rate\n"
          "                X-Accel-Buffering X-Accel-Charset;\n",
          out);
    write_tls(options, out);
    fputs("        }\n    }\n\n", out);
}

static void write_control_server(const fg_nginx_conf_t *options, FILE *out)
{
    fprintf(out,
            "    upstream faregate_control {\n        server \"unix:%s\";\n"
            "        keepalive 8;\n    }\n",
            options->control_socket);
    fprintf(out, "    server {\n        listen %s:%u;\n", options->control_address,
            (unsigned)options->control_port);
    fprintf(out, "        access_log \"%s/control.log\" faregate_control;\n", options->log_dir);
    /* faregated's own limit: it would refuse while nginx still writes the body */
    fprintf(out, "        client_max_body_size %d;\n", FG_CONTROL_BODY_BYTES_MAX);
    /* what could not be read may have no path, and nginx enters no named location without one */
    fputs("        server_name _;\n"
          "        underscores_in_headers on;\n"
          "        merge_slashes off;\n"
          "        default_type application/json;\n\n"
          "        error_page 400 414 494 /_faregate/bad_request;\n"
          "        error_page 413 @too_large;\n"
          "        error_page 500 502 503 504 =503 @unavailable;\n\n"
          "        location / {\n"
          "            proxy_pass http://faregate_control;\n"
          "            proxy_http_version 1.1;\n"
          "            proxy_set_header Host $http_host;\n"
          "            proxy_set_header Connection \"\";\n"
          "            proxy_set_header X-Forwarded-For $remote_addr;\n"
          "            proxy_set_header X-Forwarded-Proto $scheme;\n"
          "            proxy_read_timeout 60s;\n"
          "            proxy_pass_header Date;\n"
          "            proxy_pass_header Server;\n"
          "            proxy_redirect off;\n"
          "        }\n"
          "        location = /_faregate/bad_request {\n"
          "            internal;\n"
          "            add_header x-amzn-ErrorType BadRequestException always;\n"
          "            return 400 '{\"message\":\"The request could not be read\"}';\n"
          "        }\n"
          "        location @too_large {\n"
          "            add_header x-amzn-ErrorType RequestTooLargeException always;\n"
          "            return 413 '{\"message\":\"Request Too Long\"}';\n"
          "        }\n"
          "        location @unavailable {\n"
          "            add_header x-amzn-ErrorType ServiceUnavailableException always;\n"
          "            add_header Retry-After 1 always;\n"
          "            return 503 '{\"message\":\"The control plane does not answer\"}';\n"
          "        }\n"
          "    }\n",
          out);
}

fg_status_t fg_nginx_conf_write(const fg_nginx_conf_t *options, FILE *out)
{
    if (!is_writable(options)) {
        return FG_BAD_REQUEST;
    }
    write_main(options, out);
    fputs("http {\n    default_type application/octet-stream;\n    server_tokens off;\n"
          "    tcp_nopush on;\n    tcp_nodelay on;\n    types_hash_max_size 2048;\n\n",
          out);
    fprintf(out, "    faregate_gate \"%s\";\n\n", options->gate_path);
    write_temp_paths(options, out);
    write_logging(options, out);
    write_backends(out);
    write_data_server(options, out);
    write_control_server(options, out);
    fputs("}\n", out);
    return fflush(out) == 0 && !ferror(out) ? FG_OK : FG_IO;
}
