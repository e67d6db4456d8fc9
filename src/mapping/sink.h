/*
 * sink - bytes into a buffer that may be too small: what does not fit is counted all the same. For this folder.
 */
#ifndef FG_MAPPING_SINK_H
#define FG_MAPPING_SINK_H

#include "base/str.h"

typedef struct fg_sink {
    char *at;
    size_t room, len; /* len may pass room */
    char last;        /* the byte written last, NUL at the start */
} fg_sink_t;

static inline void fg_sink_byte(fg_sink_t *sink, char byte)
{
    if (sink->len < sink->room)
        sink->at[sink->len] = byte;
    sink->len++;
    sink->last = byte;
}

static inline void fg_sink_text(fg_sink_t *sink, fg_str_t text)
{
    if (text.len > 0 && sink->len < sink->room) {
        size_t left = sink->room - sink->len;
        memcpy(sink->at + sink->len, text.at, text.len < left ? text.len : left);
    }
    sink->len += text.len;
    if (text.len > 0)
        sink->last = text.at[text.len - 1];
}

#endif
