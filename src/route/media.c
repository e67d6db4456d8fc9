#include "route/layout.h"

fg_str_t fg_media_type_bare(fg_str_t text)
{
    return fg_str_trim(fg_str_cut(&text, ';'));
}

static uint32_t template_of(const fg_route_t *route, fg_route_span_t templates, fg_str_t media_type)
{
    for (uint32_t i = 0; i < templates.count; i++) {
        const fg_route_template_t *template = &route->templates[templates.first + i];
        if (fg_str_eq_nocase(fg_route_text_of(route, template->media_type), media_type))
            return templates.first + i;
    }
    return FG_ROUTE_NONE;
}

uint32_t fg_media_template(const fg_route_t *route, fg_route_span_t templates, fg_str_t accept)
{
    if (templates.count == 0)
        return FG_ROUTE_NONE;
    while (accept.at != NULL) {
        uint32_t found =
            template_of(route, templates, fg_media_type_bare(fg_str_cut(&accept, ',')));
        if (found != FG_ROUTE_NONE)
            return found;
    }
    uint32_t json = template_of(route, templates, FG_STR("application/json"));
    return json != FG_ROUTE_NONE ? json : templates.first;
}
