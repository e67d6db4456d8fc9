#include "route/pattern.h"

#include <regex.h>
#include <stdio.h>

/* What a backslash and a letter stand for, outside and inside of brackets; NULL for itself. */
static const char *class_of(char letter, bool is_in_set)
{
    switch (letter) {
    case 'd':
        return is_in_set ? "0-9" : "[0-9]";
    case 'D':
        return is_in_set ? "0-9" : "[^0-9]";
    case 'w':
        return is_in_set ? "A-Za-z0-9_" : "[A-Za-z0-9_]";
    case 's':
        return is_in_set ? "[:space:]" : "[[:space:]]";
    default:
        return NULL;
    }
}

/* The whole text is to match, so the pattern stands between anchors. */
static bool translate(fg_str_t pattern, char *ret_text, size_t room)
{
    size_t len = (size_t)snprintf(ret_text, room, "^(");
    bool is_in_set = false;
    for (size_t at = 0; at < pattern.len; at++) {
        char byte = pattern.at[at];
        char next = at + 1 < pattern.len ? pattern.at[at + 1] : '\0';
        const char *class = byte == '\\' ? class_of(next, is_in_set) : NULL;
        if (byte == '\0' || len + 16 > room)
            return false;
        if (class) {
            len += (size_t)snprintf(ret_text + len, room - len, "%s", class);
            at++;
        } else if (byte == '\\' && next != '\0') {
            ret_text[len++] = byte;
            ret_text[len++] = next;
            at++;
        } else if (byte == '(' && next == '?' && at + 2 < pattern.len &&
                   pattern.at[at + 2] == ':') {
            ret_text[len++] = '(';
            at += 2;
        } else {
            is_in_set = byte == '[' || (is_in_set && byte != ']');
            ret_text[len++] = byte;
        }
    }
    snprintf(ret_text + len, room - len, ")$");
    return true;
}

static bool compile(fg_str_t pattern, regex_t *regex)
{
    char text[16 * FG_PATTERN_BYTES_MAX + 16];
    return pattern.len > 0 && pattern.len <= FG_PATTERN_BYTES_MAX &&
           translate(pattern, text, sizeof(text)) &&
           regcomp(regex, text, REG_EXTENDED | REG_NOSUB) == 0;
}

bool fg_pattern_matches(fg_str_t pattern, fg_str_t text)
{
    regex_t regex;
    regmatch_t span = {.rm_so = 0, .rm_eo = (regoff_t)text.len};
    if (!compile(pattern, &regex))
        return false;
    bool does_match = regexec(&regex, text.len ? text.at : "", 1, &span, REG_STARTEND) == 0;
    regfree(&regex);
    return does_match;
}

bool fg_pattern_is_good(fg_str_t pattern)
{
    regex_t regex;
    if (!compile(pattern, &regex))
        return false;
    regfree(&regex);
    return true;
}
