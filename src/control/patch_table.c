#include "control/patch_table.h"

#include <stdio.h>

bool fg_patch_fits(const fg_patch_t *patch, const char *pattern)
{
    fg_str_t rest = fg_str(pattern + 1);
    size_t index = 0;
    while (rest.at) {
        fg_str_t want = fg_str_cut(&rest, '/');
        if (fg_str_is(want, "{*}"))
            return index < patch->part_count;
        if (index == patch->part_count)
            return false;
        if (!fg_str_is(want, "{}") && !fg_str_eq(want, patch->part[index]))
            return false;
        index++;
    }
    return index == patch->part_count;
}

static fg_status_t apply_one(fg_call_t *call, const fg_patch_table_t *table, void *noun,
                             const fg_patch_t *patch)
{
    if (!patch->path.at)
        return fg_error_set(call->error, FG_BAD_REQUEST, "patchOperations",
                            "Invalid patch path null");
    for (size_t i = 0; i < table->row_count; i++) {
        const fg_patch_row_t *row = &table->rows[i];
        if ((row->ops & (1u << patch->op)) && fg_patch_fits(patch, row->path))
            return row->apply(call, noun, patch);
    }
    return table->refuse(call, table, patch);
}

fg_status_t fg_patch_apply(fg_call_t *call, const fg_patch_table_t *table, void *noun)
{
    fg_patch_t *patches;
    size_t count;
    fg_status_t status = fg_call_patches(call, &patches, &count);
    for (size_t i = 0; i < count && status == FG_OK; i++)
        status = apply_one(call, table, noun, &patches[i]);
    return status;
}

typedef struct text {
    char at[FG_ERROR_MESSAGE_BYTES_MAX];
    size_t len;
} text_t;

static void append(text_t *text, const char *item)
{
    int written = snprintf(text->at + text->len, sizeof(text->at) - text->len, "%s%s",
                           text->len ? ", " : "", item);
    text->len += written > 0 ? (size_t)written : 0;
    if (text->len >= sizeof(text->at))
        text->len = sizeof(text->at) - 1;
}

fg_status_t fg_patch_refuse_a(fg_call_t *call, const fg_patch_table_t *table,
                              const fg_patch_t *patch)
{
    text_t paths = {"", 0};
    for (size_t i = 0; i < table->row_count; i++) {
        if ((table->rows[i].ops & (1u << patch->op)) && !table->rows[i].is_unlisted)
            append(&paths, table->rows[i].path);
    }
    if (!paths.len)
        return fg_error_set(
            call->error, FG_BAD_REQUEST, "patchOperations",
            "Invalid patch path  '%.*s' specified for op '%s'. Please choose supported "
            "operations",
            FG_STR_ARG(patch->path), fg_patch_op_text(patch->op));
    return fg_error_set(call->error, FG_BAD_REQUEST, "patchOperations",
                        "Invalid patch path  '%.*s' specified for op '%s'. Must be one of: [%s]",
                        FG_STR_ARG(patch->path), fg_patch_op_text(patch->op), paths.at);
}

fg_status_t fg_patch_refuse_b(fg_call_t *call, const fg_patch_table_t *table,
                              const fg_patch_t *patch)
{
    unsigned ops = 0;
    for (size_t i = 0; i < table->row_count; i++) {
        if (fg_patch_fits(patch, table->rows[i].path))
            ops |= table->rows[i].ops;
    }
    if (!ops)
        return fg_error_set(call->error, FG_BAD_REQUEST, "patchOperations",
                            "Invalid patch path %.*s", FG_STR_ARG(patch->path));
    static const fg_patch_op_t order[] = {FG_PATCH_ADD,  FG_PATCH_REPLACE, FG_PATCH_REMOVE,
                                          FG_PATCH_MOVE, FG_PATCH_COPY,    FG_PATCH_TEST};
    text_t texts = {"", 0};
    for (size_t i = 0; i < FG_COUNT_OF(order); i++) {
        if (ops & (1u << order[i]))
            append(&texts, fg_patch_op_text(order[i]));
    }
    return fg_error_set(call->error, FG_BAD_REQUEST, "patchOperations",
                        "Invalid patch operation specified. Must be one of: [%s]", texts.at);
}
