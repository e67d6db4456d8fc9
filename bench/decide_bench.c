/*
 * decide_bench - what one decision costs with many keys.
 *
 * usage: decide_bench KEYS
 * Output     Lines of `name value unit`. Quotas are leased, and granted to the limit, as in a
 *            running gate. `decide_method`: the plan throttles the method as well, which is a
 *            bucket for each key; `decide_terms`: each key has an override, which is a line more.
 * How        The clock's own cost is measured first and subtracted. `decide` times every
 *            decision alone, `decide_batch` the mean of 32; median and 99th percentile of 20,000.
 *            Hashing is included; the time handed to the decision is read outside.
 */
#include "gate/gate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    BATCH = 32,
    BATCHES = 20000,
    LOADS = 1000000,
    QUARANTINE_S = 6,
    BUCKETS = 1 << 22, /* room for one of each key */
    METHOD = 77,
    VALUE_BYTES = FG_KEY_VALUE_GENERATED_BYTES
};

typedef struct bench {
    char folder[64], path[80];
    fg_gate_options_t options;
    fg_gate_writer_t *writer;
    char (*values)[VALUE_BYTES];
    size_t keys;
    uint32_t stage;
    uint64_t random;
    uint64_t refused;
} bench_t;

static uint64_t now_ns(void)
{
    struct timespec time;
    (void)clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static uint64_t next_random(bench_t *bench)
{
    bench->random ^= bench->random
                     << 13; /* xorshift: cheap enough to stand between two decisions */
    bench->random ^= bench->random >> 7;
    bench->random ^= bench->random << 17;
    return bench->random;
}

static void check(fg_status_t status, const fg_error_t *error)
{
    if (status == FG_OK)
        return;
    fprintf(stderr, "decide_bench: %s: %s\n", fg_status_name(status), error->message);
    exit(1);
}

static void report(const char *name, double value, const char *unit)
{
    printf("%s %.1f %s\n", name, value, unit);
}

/* ---- the gate ---- */

static const fg_throttle_t generous = {
    .rate_milli_rps = 10000000000, .burst = 1000000, .is_set = true};

static void make_stage(bench_t *bench)
{
    fg_error_t error;
    check(fg_gate_stage_sync(bench->writer, FG_STR("abcdefghij"), FG_STR("prod"), &bench->stage,
                             &error),
          &error);
}

static void make_plan(bench_t *bench, bool has_method_throttle)
{
    fg_error_t error;
    const fg_gate_method_throttle_t method = {.method_id = METHOD, .throttle = generous};
    fg_gate_plan_t plan = {
        .plan_id = 1,
        .throttle = generous,
        .quota = {.limit = FG_QUOTA_USED_MAX, .period = FG_PERIOD_DAY, .is_set = true},
        .stages = &bench->stage,
        .stage_count = 1,
        .methods = &method,
        .method_count = has_method_throttle,
    };
    check(fg_gate_plan_sync(bench->writer, &plan, &error), &error);
}

static void make_value(bench_t *bench, char *ret_value)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    for (int i = 0; i < VALUE_BYTES; i++)
        ret_value[i] = letters[next_random(bench) % (sizeof(letters) - 1)];
}

static void make_values(bench_t *bench)
{
    for (size_t i = 0; i < bench->keys; i++)
        make_value(bench, bench->values[i]);
}

static void make_keys(bench_t *bench, const char *name, bool has_override)
{
    fg_error_t error;
    uint64_t start = now_ns();
    uint64_t granted = FG_QUOTA_WORD((uint64_t)(fg_now().wall.s / FG_DAY_S), FG_QUOTA_USED_MAX);
    for (size_t i = 0; i < bench->keys; i++) {
        fg_gate_grant_t grant = {.plan_id = 1,
                                 .granted_word = granted,
                                 .has_override_throttle = has_override,
                                 .override_throttle = generous};
        fg_gate_key_t key = {
            .key_id = i + 1,
            .digest = fg_digester_digest(&bench->options.digester,
                                         fg_str_of(bench->values[i], VALUE_BYTES)),
            .state = FG_KEY_ENABLED,
            .grants = &grant,
            .grant_count = 1,
        };
        check(fg_gate_key_sync(bench->writer, &key, &error), &error);
    }
    report(name, (double)(now_ns() - start) / (double)bench->keys, "ns/key");
}

static void open_writer(bench_t *bench)
{
    fg_error_t error;
    fg_gate_opening_t opening;
    check(fg_gate_writer_open(bench->path, &bench->options, &bench->writer, &opening, &error),
          &error);
}

static void setup(bench_t *bench)
{
    snprintf(bench->folder, sizeof(bench->folder), "/dev/shm/faregate-bench-XXXXXX");
    bench->values = malloc(bench->keys * sizeof(*bench->values));
    if (!bench->values || !mkdtemp(bench->folder))
        exit(1);
    snprintf(bench->path, sizeof(bench->path), "%s/gate", bench->folder);
    fg_gate_options_default(&bench->options);
    fg_digester_init(&bench->options.digester, (const uint8_t *)"a secret of thirty-two bytes....");
    bench->options.is_leased = true;
    bench->options.buckets = BUCKETS;
    open_writer(bench);
    make_stage(bench);
    make_plan(bench, false);
    make_values(bench);
    make_keys(bench, "fill", false);
}

static void teardown(bench_t *bench)
{
    static const char *const names[] = {"gate", "gate.lock", "routes"};
    char path[128];
    fg_gate_writer_close(bench->writer);
    for (size_t i = 0; i < FG_COUNT_OF(names); i++) {
        snprintf(path, sizeof(path), "%s/%s", bench->folder, names[i]);
        (void)remove(path);
    }
    (void)rmdir(bench->folder);
    free(bench->values);
}

/* ---- measuring ---- */

static int compare(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

static void report_spread(const char *name, double *samples, size_t count)
{
    char line[64];
    qsort(samples, count, sizeof(*samples), compare);
    snprintf(line, sizeof(line), "%s_median", name);
    report(line, samples[count / 2], "ns");
    snprintf(line, sizeof(line), "%s_p99", name);
    report(line, samples[count / 100 * 99], "ns");
}

static double clock_cost(void)
{
    static double samples[BATCHES];
    for (size_t i = 0; i < BATCHES; i++) {
        uint64_t start = now_ns();
        samples[i] = (double)(now_ns() - start);
    }
    qsort(samples, BATCHES, sizeof(*samples), compare);
    return samples[BATCHES / 2];
}

static fg_str_t random_value(bench_t *bench)
{
    return fg_str_of(bench->values[next_random(bench) % bench->keys], VALUE_BYTES);
}

static bool keep(void *ctx, const fg_gate_usage_t *usage)
{
    (void)ctx;
    return usage->key_id != 0;
}

/* The pages of the directories that were outgrown go back once no reader can be in them. */
static void report_resident(bench_t *bench)
{
    sleep(QUARANTINE_S);
    uint64_t start = now_ns();
    if (!fg_gate_drain(bench->writer, keep, NULL))
        exit(1);
    report("drain", (double)(now_ns() - start) / 1e6, "ms");
    fg_gate_fill_t fill = fg_gate_fill(bench->writer);
    report("resident", (double)fill.bytes_resident / (double)bench->keys, "bytes/key");
}

typedef void work_t(bench_t *bench, fg_str_t value, fg_now_t now);

static void decide(bench_t *bench, fg_str_t value, fg_now_t now)
{
    fg_gate_facts_t facts = {.stage_index = bench->stage,
                             .is_key_required = true,
                             .has_key = true,
                             .key_value = value,
                             .method_id = METHOD};
    bench->refused +=
        fg_gate_decide(fg_gate_writer_gate(bench->writer), &facts, now).kind != FG_VERDICT_ADMITTED;
}

static void hash(bench_t *bench, fg_str_t value, fg_now_t now)
{
    (void)now;
    bench->random ^= fg_gate_digest(fg_gate_writer_gate(bench->writer), value).word[0] == 0;
}

/* The values are copied and touched first: a request's header lies in the cache by the time of the
 * decision. */
static void measure(bench_t *bench, const char *name, size_t batch, double clock_ns, work_t *work)
{
    static double samples[BATCHES];
    char values[BATCH][VALUE_BYTES];
    for (size_t i = 0; i < BATCHES; i++) {
        for (size_t k = 0; k < batch; k++)
            memcpy(values[k], random_value(bench).at, VALUE_BYTES);
        fg_now_t now = fg_now();
        uint64_t start = now_ns();
        for (size_t k = 0; k < batch; k++)
            work(bench, fg_str_of(values[k], VALUE_BYTES), now);
        double spent = (double)(now_ns() - start) - clock_ns;
        samples[i] = spent / (double)batch;
    }
    report_spread(name, samples, BATCHES);
}

/* What one line costs that is in no cache: each address follows from the line before. A decision
 * with many keys needs two such lines one after the other, entry and slot, so this says how much of
 * its time is the machine's memory. */
static void measure_memory(size_t keys)
{
    size_t lines = keys * 3, bytes = lines * 64, position = 1;
    char *memory = malloc(bytes);
    if (!memory)
        return;
    memset(memory, 1, bytes);
    uint64_t start = now_ns(), random = 1;
    for (size_t i = 0; i < LOADS; i++) {
        random = random * UINT64_C(6364136223846793005) + 1442695040888963407 +
                 *(volatile uint64_t *)(memory + position * 64);
        position = (random >> 24) % lines;
    }
    report("memory", (double)(now_ns() - start) / LOADS, "ns/line");
    free(memory);
}

static void measure_attach(bench_t *bench)
{
    fg_gate_writer_close(bench->writer);
    uint64_t start = now_ns();
    open_writer(bench);
    report("attach", (double)(now_ns() - start) / 1e6, "ms");
}

int main(int argc, char **argv)
{
    bench_t bench = {.keys = argc == 2 ? strtoull(argv[1], NULL, 10) : 0,
                     .random = 88172645463325252};
    if (bench.keys == 0) {
        fprintf(stderr, "usage: decide_bench KEYS\n");
        return 2;
    }
    setup(&bench);
    double clock_ns = clock_cost();
    report("keys", (double)bench.keys, "keys");
    report("clock", clock_ns, "ns");
    measure_memory(bench.keys);
    measure(&bench, "hash_batch", BATCH, clock_ns, hash);
    measure(&bench, "decide_batch", BATCH, clock_ns, decide);
    measure(&bench, "decide", 1, clock_ns, decide);
    report_resident(&bench);
    measure_attach(&bench);
    make_plan(&bench, true);
    measure(&bench, "decide_method_batch", BATCH, clock_ns, decide);
    measure(&bench, "decide_method", 1, clock_ns, decide);
    make_plan(&bench, false);
    make_keys(&bench, "override", true);
    measure(&bench, "decide_terms_batch", BATCH, clock_ns, decide);
    measure(&bench, "decide_terms", 1, clock_ns, decide);
    report("refused", (double)bench.refused, "requests");
    teardown(&bench);
    return bench.refused == 0 ? 0 : 1;
}
