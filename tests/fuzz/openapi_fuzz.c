/* Any bytes as an API definition: read or refused with a text; and what was written of it reads back as the same
 * definition, in both versions. */
#include "base/yaml.h"
#include "openapi/openapi.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

/* The definition of `document`, NULL when it is refused. */
static json_t *definition_of(const json_t *document, fg_arena_t *arena)
{
    fg_error_t error = {0};
    json_t *definition = NULL, *warnings = NULL;
    fg_openapi_read_options_t options = {.base_path = FG_OPENAPI_BASE_PATH_PREPEND};
    if (fg_openapi_read(document, &options, arena, &definition, &warnings, &error) != FG_OK &&
        (definition || warnings || !error.message[0]))
        abort();
    json_decref(warnings);
    return definition;
}

static json_t *document_of(const json_t *definition, bool is_3, fg_arena_t *arena)
{
    fg_error_t error = {0};
    json_t *document = NULL;
    fg_openapi_write_options_t options = {.is_3 = is_3,
                                          .has_integrations = true,
                                          .has_authorizers = true,
                                          .has_rest = true,
                                          .host = FG_STR_NONE,
                                          .version = FG_STR("1")};
    if (fg_openapi_write(definition, &options, arena, &document, &error) != FG_OK)
        abort();
    return document;
}

/* Writing, reading and writing again gives the same document. */
static void check(const json_t *definition, bool is_3, fg_arena_t *arena)
{
    FG_JSON_SCOPED *document = document_of(definition, is_3, arena);
    FG_JSON_SCOPED *again = definition_of(document, arena);
    if (!again) /* values that no API can have are refused on the way back in */
        return;
    FG_JSON_SCOPED *second = document_of(again, is_3, arena);
    if (!json_equal(document, second))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    fg_error_t error = {0};
    fg_arena_t *arena = fg_arena_new();
    json_t *document = NULL;
    if (fg_yaml_parse(fg_str_of((const char *)bytes, count), &document, &error) == FG_OK) {
        FG_JSON_SCOPED *definition = definition_of(document, arena);
        if (definition) {
            check(definition, true, arena);
            check(definition, false, arena);
        }
    }
    json_decref(document);
    fg_arena_free(arena);
    return 0;
}
