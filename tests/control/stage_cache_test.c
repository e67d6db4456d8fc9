/* Rule ST1 of docs/rules/control.md. */
#include "control/api_support.h"

static void caches_are_flushed(void **state)
{
    (void)state;
#define STAGE "/restapis/$A/stages/prod/cache"
    static const step_t steps[] = {
        {"a stage", "POST", "/restapis/$A/deployments", "{\"stageName\":\"prod\"}", 201,
         "{\"id\":\"<any>\"}", NULL},
        {"Rule ST1: what was cached is gone.", "DELETE", STAGE "/data", NULL, 202, NULL, NULL},
        {"of authorizers too", "DELETE", STAGE "/authorizers", NULL, 202, NULL, NULL},
        {"The stage stays.", "GET", "/restapis/$A/stages/prod", NULL, 200,
         "{\"stageName\":\"prod\"}", NULL},
        {"an unknown stage", "DELETE", "/restapis/$A/stages/nope/cache/data", NULL, 404,
         MISSING("Invalid stage identifier specified"), NULL},
        {"of authorizers too", "DELETE", "/restapis/nope/stages/prod/cache/authorizers", NULL, 404,
         MISSING("Invalid stage identifier specified"), NULL},
    };
    walk_t walk;
    walk_begin(&walk);
    walk_api(&walk);
    walk_mock(&walk);
    walk_steps(&walk, steps, FG_COUNT_OF(steps));
    walk_end(&walk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(caches_are_flushed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
