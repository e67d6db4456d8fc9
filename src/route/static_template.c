#include "route/static_template.h"

#include <ctype.h>

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
