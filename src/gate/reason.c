#include "gate/reason.h"

const fg_reason_t fg_reasons[] = {
#define FG_REASON(code, limit, sentence, remedy) {code, limit, sentence, remedy},
#include "gate/reasons.def"
#undef FG_REASON
};
const size_t fg_reason_count = FG_COUNT_OF(fg_reasons);

const fg_reason_t *fg_reason_find(fg_str_t code)
{
    for (size_t i = 0; i < fg_reason_count; i++)
        if (fg_str_is(code, fg_reasons[i].code))
            return &fg_reasons[i];
    return NULL;
}
