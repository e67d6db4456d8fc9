/*
 * nginx_conf - the nginx configuration that `faregate run` starts nginx with.
 *
 * Shape      Two servers in one nginx: the data plane (every request through the module) and the
 *            control plane (passed to faregated's unix socket with the client's own Host header and
 *            raw URI, which SigV4 has signed).
 * Ownership  Every text is borrowed for the call. Paths are absolute.
 * Rule       docs/directives.md explains each line that is written.
 */
#ifndef FG_CLI_NGINX_CONF_H
#define FG_CLI_NGINX_CONF_H

#include "base/status.h"

#include <stdint.h>
#include <stdio.h>

typedef struct fg_nginx_conf {
    const char *module_path;  /* ngx_http_faregate_module.so */
    const char *gate_path;    /* the gate that faregated writes */
    const char *data_address; /* "0.0.0.0", "127.0.0.1" or "[::]" */
    uint16_t data_port;
    const char *control_address;
    uint16_t control_port;
    const char *control_socket; /* faregated's unix socket */
    unsigned worker_count;      /* 0: one for each processor */
    const char *user;           /* "www-data"; NULL leaves the line out (nobody but root may) */
    const char *log_dir;        /* error.log, access.log and control.log */
    bool is_access_log_off;     /* of the data plane: no access.log */
    const char *trusted_proxies; /* address ranges, comma between them, whose X-Forwarded-For names
                                  * the client; NULL: nobody's */
    bool is_exact;              /* as the service answers: no limit fields, no problems */
    const char *temp_dir;       /* bodies that do not fit into memory */
    const char *pid_path;
    /* Certificates that https backends are checked against; NULL: https backends are served only
     * when their integration has insecureSkipVerification, the others answer 500. */
    const char *trusted_certificates;
} fg_nginx_conf_t;

/* "/etc/ssl/certs/ca-certificates.crt" when it can be read, NULL otherwise. */
const char *fg_nginx_conf_system_certificates(void);

/* Write the whole file. FG_BAD_REQUEST when a text cannot stand in a configuration file (a quote, a
 * backslash, a dollar sign, a control character, or it is missing), before anything is written;
 * FG_IO when `out` fails. */
FG_MUST_USE fg_status_t fg_nginx_conf_write(const fg_nginx_conf_t *options, FILE *out);

#endif
