/*
 * ports - may we listen there, and does somebody?
 */
#ifndef FG_CLI_PORTS_H
#define FG_CLI_PORTS_H

#include "cli.h"

/* Listen on `address` ("127.0.0.1", "0.0.0.0", "[::]") for a moment. FG_BUSY when the port is
 * taken, FG_BAD_REQUEST when the address is none, FG_DENIED when it is not allowed; the message
 * names both. */
FG_MUST_USE fg_status_t fg_port_try(const char *address, uint16_t port, fg_error_t *reterr);
/* Somebody accepts there. */
bool fg_port_accepts(const char *address, uint16_t port);
/* The address a client of this machine uses: a wildcard becomes the loopback. */
const char *fg_port_reachable(const char *address);

#endif
