#include "route/image.h"

#include "base/checked.h"

void fg_image_init(fg_image_t *image, fg_arena_t *arena)
{
    *image = (fg_image_t){.arena = arena};
#define INIT(name, entry) image->name.entry_bytes = sizeof(entry);
    FG_ROUTE_TABLE_LIST(INIT)
#undef INIT
}

static bool table_grow(fg_image_t *image, fg_image_table_t *table, size_t count)
{
    size_t room = table->room ? table->room : 16;
    while (room < count)
        room *= 2;
    size_t bytes;
    if (!fg_mul_size(room, table->entry_bytes, &bytes) || bytes > FG_ROUTE_BYTES_MAX)
        return false;
    char *at = fg_arena_alloc(image->arena, bytes);
    if (at == NULL)
        return false;
    if (table->count > 0)
        memcpy(at, table->at, table->count * table->entry_bytes);
    table->at = at;
    table->room = room;
    return true;
}

void *fg_image_add(fg_image_t *image, fg_image_table_t *table, size_t count,
                   fg_route_span_t *ret_span)
{
    *ret_span = (fg_route_span_t){0, 0};
    if (count == 0 || image->has_failed)
        return NULL;
    size_t total;
    if (!fg_add_size(table->count, count, &total) || total > FG_ROUTE_BYTES_MAX ||
        (total > table->room && !table_grow(image, table, total))) {
        image->has_failed = true;
        return NULL;
    }
    *ret_span = (fg_route_span_t){(uint32_t)table->count, (uint32_t)count};
    void *entries = table->at + table->count * table->entry_bytes;
    table->count = total;
    return entries;
}

fg_route_text_t fg_image_text(fg_image_t *image, fg_str_t text)
{
    fg_route_span_t span;
    char *at = fg_image_add(image, &image->strings, text.len, &span);
    if (at != NULL)
        memcpy(at, text.at, text.len);
    return (fg_route_text_t){span.first, span.count};
}

fg_route_span_t fg_image_pairs(fg_image_t *image, const fg_route_pair_t *pairs, size_t count)
{
    fg_route_span_t span;
    fg_route_pair_record_t *records = fg_image_add(image, &image->pairs, count, &span);
    for (size_t i = 0; records != NULL && i < count; i++) {
        records[i].name = fg_image_text(image, pairs[i].name);
        records[i].value = fg_image_text(image, pairs[i].value);
    }
    return span;
}

fg_route_span_t fg_image_templates(fg_image_t *image, const fg_route_pair_t *templates,
                                   size_t count)
{
    fg_route_span_t span;
    fg_route_template_t *records = fg_image_add(image, &image->templates, count, &span);
    for (size_t i = 0; records != NULL && i < count; i++) {
        records[i].media_type = fg_image_text(image, templates[i].name);
        records[i].body = fg_image_text(image, templates[i].value);
        records[i].is_static = fg_template_is_static(templates[i].value);
    }
    return span;
}

static size_t table_place(fg_route_table_t *place, const fg_image_table_t *table, size_t offset)
{
    *place = (fg_route_table_t){(uint32_t)offset, (uint32_t)table->count};
    return (offset + table->count * table->entry_bytes + 7) & ~(size_t)7;
}

/* Each table is below FG_ROUTE_BYTES_MAX, so that their sum cannot wrap a size_t. */
fg_str_t fg_image_seal(fg_image_t *image, const fg_route_header_t *header)
{
    fg_route_header_t sealed = *header;
    size_t bytes = sizeof(sealed);
#define PLACE(name, entry) bytes = table_place(&sealed.name, &image->name, bytes);
    FG_ROUTE_TABLE_LIST(PLACE)
#undef PLACE
    if (image->has_failed || bytes > FG_ROUTE_BYTES_MAX)
        return FG_STR_NONE;
    char *at = fg_arena_alloc(image->arena, bytes);
    if (at == NULL)
        return FG_STR_NONE;
    sealed.bytes = (uint32_t)bytes;
#define COPY(name, entry)                                                                          \
    if (image->name.count > 0)                                                                     \
        memcpy(at + sealed.name.offset, image->name.at, image->name.count * sizeof(entry));
    FG_ROUTE_TABLE_LIST(COPY)
#undef COPY
    memcpy(at, &sealed, sizeof(sealed));
    sealed.checksum = fg_route_checksum(at, bytes);
    memcpy(at, &sealed, sizeof(sealed));
    return fg_str_of(at, bytes);
}
