#include "route/layout.h"

#include <ctype.h>
#include <regex.h>
#include <stdio.h>

static bool is_word_byte(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

static bool is_directive(fg_str_t behind_hash)
{
    static const char *const names[] = {"set",      "if",      "elseif", "else",  "end",
                                        "foreach",  "include", "parse",  "macro", "define",
                                        "evaluate", "break",   "stop",   "return"};
    if (behind_hash.len == 0)
        return false;
    if (strchr("#*[{@", behind_hash.at[0]) != NULL)
        return true;
    for (size_t i = 0; i < FG_COUNT_OF(names); i++) {
        size_t len = strlen(names[i]);
        if (fg_str_starts_with(behind_hash, fg_str(names[i])) &&
            (behind_hash.len == len || !is_word_byte(behind_hash.at[len])))
            return true;
    }
    return false;
}

bool fg_template_is_static(fg_str_t text)
{
    for (size_t at = 0; at < text.len; at++) {
        fg_str_t behind = fg_str_of(text.at + at + 1, text.len - at - 1);
        char first = behind.len > 0 ? behind.at[0] : '\0';
        if (text.at[at] == '$' &&
            (isalpha((unsigned char)first) || first == '{' || first == '!' || first == '_'))
            return false;
        if (text.at[at] == '#' && is_directive(behind))
            return false;
    }
    return true;
}

static size_t blanks_skip(fg_str_t text, size_t at)
{
    while (at < text.len && isspace((unsigned char)text.at[at]))
        at++;
    return at;
}

static size_t quote_skip(fg_str_t text, size_t at)
{
    return at < text.len && (text.at[at] == '"' || text.at[at] == '\'') ? at + 1 : at;
}

/* The integer behind a member's name: optional quotes, a colon, three digits and no more of a word.
 * 0 for none. */
static int code_behind_name(fg_str_t text, size_t at)
{
    at = blanks_skip(text, quote_skip(text, at));
    if (at == text.len || text.at[at] != ':')
        return 0;
    at = quote_skip(text, blanks_skip(text, at + 1));
    int code = 0;
    size_t end = at;
    for (; end < text.len && end - at < 4 && isdigit((unsigned char)text.at[end]); end++)
        code = code * 10 + (text.at[end] - '0');
    bool is_cut = end < text.len && (is_word_byte(text.at[end]) || text.at[end] == '.');
    return end - at == 3 && code >= 100 && !is_cut ? code : 0;
}

/* Rule 6.11: lenient. The first `statusCode` that has an integer counts, whatever stands around it.
 */
int fg_template_status_code(fg_str_t text)
{
    const fg_str_t name = FG_STR("statusCode");
    for (size_t at = 0; at + name.len <= text.len; at++) {
        if (memcmp(text.at + at, name.at, name.len) != 0 ||
            (at > 0 && is_word_byte(text.at[at - 1])))
            continue;
        int code = code_behind_name(text, at + name.len);
        if (code != 0)
            return code;
    }
    return 0;
}

/* The pattern language of the service has \d, \D and (?:, which POSIX lacks; the rest in common use
 * is alike. */
static bool pattern_translate(fg_str_t pattern, char *ret_text, size_t room)
{
    size_t len = (size_t)snprintf(ret_text, room, "^(");
    bool is_in_set = false;
    for (size_t at = 0; at < pattern.len; at++) {
        char byte = pattern.at[at];
        char next = at + 1 < pattern.len ? pattern.at[at + 1] : '\0';
        if (byte == '\0' || len + 16 > room)
            return false;
        if (byte == '\\' && (next == 'd' || next == 'D')) {
            const char *digits = is_in_set ? "0-9" : next == 'd' ? "[0-9]" : "[^0-9]";
            len += (size_t)snprintf(ret_text + len, room - len, "%s", digits);
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

bool fg_pattern_matches(fg_str_t pattern, int status)
{
    char text[8 * FG_ROUTE_PATTERN_BYTES_MAX + 16];
    char subject[16];
    regex_t regex;
    if (pattern.len == 0 || pattern.len > FG_ROUTE_PATTERN_BYTES_MAX ||
        !pattern_translate(pattern, text, sizeof(text)))
        return false;
    if (regcomp(&regex, text, REG_EXTENDED | REG_NOSUB) != 0)
        return false;
    snprintf(subject, sizeof(subject), "%d", status);
    bool does_match = regexec(&regex, subject, 0, NULL, 0) == 0;
    regfree(&regex);
    return does_match;
}
