#include "route/route.h"

static const char *const texts[] = {
    [FG_VERB_ANY] = "ANY",   [FG_VERB_DELETE] = "DELETE",   [FG_VERB_GET] = "GET",
    [FG_VERB_HEAD] = "HEAD", [FG_VERB_OPTIONS] = "OPTIONS", [FG_VERB_PATCH] = "PATCH",
    [FG_VERB_POST] = "POST", [FG_VERB_PUT] = "PUT",         [FG_VERB_OTHER] = "",
};

/* Verbs are case-sensitive. "ANY" is a verb of the control plane alone: as a request's it is
 * FG_VERB_ANY, which fg_route_find refuses. */
fg_verb_t fg_verb_of(fg_str_t text)
{
    for (int verb = FG_VERB_ANY; verb < FG_VERB_OTHER; verb++) {
        if (fg_str_is(text, texts[verb]))
            return (fg_verb_t)verb;
    }
    return FG_VERB_OTHER;
}

const char *fg_verb_text(fg_verb_t verb)
{
    return verb <= FG_VERB_OTHER ? texts[verb] : "";
}
