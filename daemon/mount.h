/*
 * mount - the control API on a unix socket; the one door to libmicrohttpd.
 *
 * Shape      Bytes become an fg_request_t with the raw request target and every header as it came;
 * control answers.
 * Threads    One thread of libmicrohttpd's serves all connections; a slow client holds nobody up,
 *            since a call runs only when its body is complete. Calls that may wait for a backend
 *            run aside, in a thread each, a bounded number at a time (rule TI9).
 */
#ifndef FG_DAEMON_MOUNT_H
#define FG_DAEMON_MOUNT_H

#include "node.h"

typedef struct fg_mount fg_mount_t;

/* The socket is mode 0660 with the workers' group. A socket file left behind is replaced; FG_BUSY
 * when somebody answers on it. */
FG_MUST_USE fg_status_t fg_mount_start(fg_node_t *node, fg_mount_t **ret_mount, fg_error_t *reterr);
/* Accept no more, let running calls finish (a few seconds at most), remove the socket. False when a
 * call still runs: node and mount must then stay. */
FG_MUST_USE bool fg_mount_stop(fg_mount_t *mount);

#endif
