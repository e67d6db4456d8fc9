#include "fuzz/handlers_fuzz.c"

#include "base/id.h"
#include "fuzz/corpus_runner.h"

enum { RANDOM_INPUTS = 300, RANDOM_BYTES = 96 };

/* Beside the corpus, inputs that nobody chose. */
static void feed_random(void)
{
    uint64_t seed = 20261125;
    fg_random_t random = fg_random_seeded(&seed);
    for (size_t i = 0; i < RANDOM_INPUTS; i++) {
        uint8_t bytes[RANDOM_BYTES];
        must(random.fill(random.ctx, bytes, sizeof(bytes)), "no random bytes");
        LLVMFuzzerTestOneInput(bytes, sizeof(bytes));
    }
}

int main(void)
{
    feed_random();
    return corpus_run("handlers");
}
