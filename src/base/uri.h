/*
 * uri - percent coding, and the parts of a query string.
 *
 * Shape      Pure functions over views. `+` is a plus everywhere: turning it into a blank is a habit of forms, and
 *            neither signatures nor the data plane have it.
 * Ownership  Iteration hands out raw (still encoded) views into the query; only the coders write bytes.
 * Threads    Any.
 * Rule       RFC 3986; the unreserved set is that of AWS Signature Version 4: A-Z a-z 0-9 - . _ ~
 */
#ifndef FG_BASE_URI_H
#define FG_BASE_URI_H

#include "base/arena.h"
#include "base/str.h"

/* Decode every %XX of `text` into `ret` (no NUL is added). False when a percent sign has no two hexadecimal digits
 * behind it, or `room` is too small; then *ret_len is untouched and `ret` holds nothing of use. text.len bytes of room
 * always suffice; `ret` may be text.at itself. A decoded NUL or control byte is the caller's to refuse. */
FG_MUST_USE bool fg_uri_decode(fg_str_t text, char *ret, size_t room, size_t *ret_len);
/* The same into the arena. FG_STR_NONE when the coding is broken or memory is lacking. */
fg_str_t fg_uri_decode_copy(fg_str_t text, fg_arena_t *arena);

/* Encode every byte outside the unreserved set and outside `unreserved_extra` (may be NULL; "/" keeps the slashes of a
 * path) as %XX with capital digits. FG_STR_NONE on lack of memory. An existing % is encoded like any other byte. */
fg_str_t fg_uri_encode(fg_str_t text, const char *unreserved_extra, fg_arena_t *arena);

/* Take the next `name=value` off the front of *rest; empty pieces (`a=b&&c`) are skipped. False at the end. A piece
 * without `=` has FG_STR_NONE as its value, `a=` has an empty one. Start with the query behind the question mark:
 *
 *     for (fg_str_t rest = query, name, value; fg_uri_query_next(&rest, &name, &value);) */
FG_MUST_USE bool fg_uri_query_next(fg_str_t *rest, fg_str_t *ret_name, fg_str_t *ret_value);
/* Raw value of the last piece whose raw name is `name`: what single-valued references mean (reference 6.9).
 * FG_STR_NONE when there is none, an empty view for `name` and `name=`. */
fg_str_t fg_uri_query_last(fg_str_t query, fg_str_t name);

#endif
