/*
 * media - media types as headers write them.
 */
#ifndef FG_ROUTE_MEDIA_H
#define FG_ROUTE_MEDIA_H

#include "base/str.h"

/* "application/json; charset=utf-8" -> "application/json"; an empty text for none. */
fg_str_t fg_media_type_bare(fg_str_t text);

#endif
