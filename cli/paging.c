#include "paging.h"

#include <stdlib.h>

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static const char *base64_encode(fg_str_t text)
{
    char *out = fg_arena_alloc(fg_cli_arena(), text.len * 4 / 3 + 5);
    size_t len = 0;

    FG_ASSERT(out);
    for (size_t i = 0; i < text.len; i += 3) {
        uint32_t bits = 0;
        for (size_t j = 0; j < 3; j++)
            bits = bits << 8 | (i + j < text.len ? (unsigned char)text.at[i + j] : 0);
        for (size_t j = 0; j < 4; j++)
            out[len++] = i + j <= text.len ? digits[bits >> (18 - 6 * j) & 63] : '=';
    }
    return out;
}

/* FG_STR_NONE when it is no base64. */
static fg_str_t base64_decode(fg_str_t text)
{
    char *out = fg_arena_alloc(fg_cli_arena(), text.len + 1);
    size_t len = 0;
    uint32_t bits = 0;
    unsigned count = 0;

    FG_ASSERT(out);
    for (size_t i = 0; i < text.len && text.at[i] != '='; i++) {
        const char *digit = text.at[i] ? strchr(digits, text.at[i]) : NULL;
        if (!digit)
            return FG_STR_NONE;
        bits = bits << 6 | (uint32_t)(digit - digits);
        count += 6;
        if (count >= 8) {
            count -= 8;
            out[len++] = (char)(bits >> count & 255);
        }
    }
    return fg_str_of(out, len);
}

typedef struct pages {
    const char *wire;
    const char *member;
    json_t *output;       /* owned until it is handed out */
    int64_t left;         /* how many more may be listed; -1: all */
    size_t skip;          /* of the first page: listed by the call before */
    const char *position; /* of the page being read; NULL: the first */
    bool is_cut;
} pages_t;

static fg_status_t start_at(pages_t *pages, const fg_arguments_t *arguments, fg_error_t *reterr)
{
    fg_error_t reason;

    if (!arguments->starting_token)
        return FG_OK;
    fg_str_t text = base64_decode(fg_str(arguments->starting_token));
    FG_JSON_SCOPED *token = text.at ? fg_json_parse(text, &reason) : NULL;
    if (!json_is_object(token))
        return fg_error_set(reterr, FG_BAD_REQUEST, "", "Bad starting token: %s",
                            arguments->starting_token);
    fg_str_t position = fg_json_str(json_object_get(token, "position"));
    pages->position = position.at ? fg_text_of(position) : NULL;
    pages->skip = (size_t)json_integer_value(json_object_get(token, "boto_truncate_amount"));
    return FG_OK;
}

static void leave_token(pages_t *pages, size_t used)
{
    FG_JSON_SCOPED *token = json_object();

    json_object_set_new(token, "position",
                        pages->position ? json_string(pages->position) : json_null());
    if (used)
        json_object_set_new(token, "boto_truncate_amount", json_integer((json_int_t)used));
    fg_str_t text = fg_json_render(token, fg_cli_arena());
    json_object_set_new(pages->output, "NextToken", json_string(base64_encode(text)));
}

/* Append what the page lists; stop where --max-items says. */
static void append_list(pages_t *pages, const json_t *listed)
{
    json_t *all = json_object_get(pages->output, pages->member);
    size_t count = json_array_size(listed);

    for (size_t i = pages->skip; i < count; i++) {
        if (pages->left == 0) {
            pages->is_cut = true;
            leave_token(pages, i);
            return;
        }
        json_array_append(all, json_array_get(listed, i));
        pages->left -= pages->left > 0;
    }
    pages->skip = 0;
}

/* The output of the first page is what the service said, without what is about paging. */
static void begin_output(pages_t *pages, json_t *page, const json_t *listed)
{
    if (pages->output)
        return;
    pages->output = json_copy(page);
    json_object_del(pages->output, pages->wire);
    json_object_del(pages->output, "position");
    json_object_set_new(pages->output, pages->member,
                        json_is_object(listed) ? json_object() : json_array());
}

/* The position of the next page, NULL at the end. */
static const char *take_page(pages_t *pages, json_t *page)
{
    const json_t *listed = json_object_get(page, pages->wire);
    fg_str_t next = fg_json_str(json_object_get(page, "position"));

    begin_output(pages, page, listed);
    if (json_is_object(listed))
        json_object_update(json_object_get(pages->output, pages->member),
                           json_object_get(page, pages->wire));
    else
        append_list(pages, listed);
    if (pages->is_cut || !next.len)
        return NULL;
    const char *position = fg_text_of(next);
    if (pages->left == 0) {
        pages->position = position;
        leave_token(pages, 0);
        return NULL;
    }
    return position;
}

static fg_status_t send_all(const fg_context_t *context, const fg_command_t *command,
                            const fg_arguments_t *arguments, pages_t *pages,
                            fg_refusal_t *ret_refusal, fg_error_t *reterr)
{
    FG_JSON_SCOPED *input = json_copy(arguments->input);

    if (arguments->page_size)
        json_object_set_new(input, "limit", json_integer(arguments->page_size));
    do {
        json_t *page;
        if (pages->position)
            json_object_set_new(input, "position", json_string(pages->position));
        fg_status_t status = fg_request_send(context, command, input, arguments->payload,
                                             arguments->debug != NULL, &page, ret_refusal, reterr);
        if (status != FG_OK)
            return status;
        pages->position = take_page(pages, page);
        json_decref(page);
    } while (pages->position);
    return FG_OK;
}

/* One page, as it is but for the name of what it lists. */
static fg_status_t send_one(const fg_context_t *context, const fg_command_t *command,
                            const fg_arguments_t *arguments, const pages_t *pages,
                            json_t **ret_output, fg_refusal_t *ret_refusal, fg_error_t *reterr)
{
    fg_status_t status = fg_request_send(context, command, arguments->input, arguments->payload,
                                         arguments->debug != NULL, ret_output, ret_refusal, reterr);
    json_t *listed =
        status == FG_OK && pages->wire ? json_object_get(*ret_output, pages->wire) : NULL;

    if (listed && strcmp(pages->wire, pages->member) != 0) {
        json_object_set(*ret_output, pages->member, listed);
        json_object_del(*ret_output, pages->wire);
    }
    return status;
}

fg_status_t fg_paging_send(const fg_context_t *context, const fg_command_t *command,
                           const fg_arguments_t *arguments, json_t **ret_output,
                           fg_refusal_t *ret_refusal, fg_error_t *reterr)
{
    pages_t pages = {.left = arguments->max_items};
    bool is_list = fg_command_items(command, &pages.wire, &pages.member);
    bool is_manual = json_object_get(arguments->input, "position") != NULL ||
                     json_object_get(arguments->input, "limit") != NULL;

    *ret_output = NULL;
    if (!is_list || arguments->no_paginate || is_manual)
        return send_one(context, command, arguments, &pages, ret_output, ret_refusal, reterr);
    fg_status_t status = start_at(&pages, arguments, reterr);
    if (status == FG_OK)
        status = send_all(context, command, arguments, &pages, ret_refusal, reterr);
    if (status == FG_OK)
        *ret_output = pages.output;
    else
        json_decref(pages.output);
    return status;
}
