/*
 * drain_bench - what it costs to write what workers counted.
 *
 * usage: drain_bench KEYS
 * Output     Lines of `name value unit`, the median and the worst of ROUNDS drains.
 * How        A store on disk and a gate with KEYS keys on one plan with a leased daily quota. Each
 *            round every key is admitted once, the clock moves on by a second, and one drain writes
 *            usage, ledger, grants and what is due of the minute's rows; a minute ends within the
 *            rounds. `cpu` is the processor's time of this process, `wall` waits for the disk.
 */
#include "agent/agent.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { ROUNDS = 24, TURN_ROUND = 8, KEYS_MAX = 9999999, MINUTE_S = 60 };

static fg_now_t clock_now;

static fg_now_t bench_clock(void)
{
    return clock_now;
}

static void check(fg_status_t status, const fg_error_t *error)
{
    if (status == FG_OK)
        return;
    fprintf(stderr, "drain_bench: %s\n", error->message);
    exit(EXIT_FAILURE);
}

static double seconds(clockid_t id)
{
    struct timespec time;
    (void)clock_gettime(id, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static fg_str_t value_of(size_t number, char room[48])
{
    return fg_str_of(room, (size_t)snprintf(room, 48, "a-key-value-of-a-bench-%07zu", number));
}

static void furnish(fg_store_t *store, size_t keys)
{
    fg_error_t error = {0};
    static fg_api_stage_t stage = {.api_id = FG_STR("bench00000"), .stage_name = FG_STR("prod")};
    fg_usage_plan_t plan = {.id = FG_STR("planaa"),
                            .name = FG_STR("bench"),
                            .has_quota = true,
                            .quota_limit = 1000000,
                            .quota_period = FG_PERIOD_DAY,
                            .stages = &stage,
                            .stage_count = 1};
    check(fg_store_begin(store, &error), &error);
    check(fg_store_plan_insert(store, &plan, &error), &error);
    for (size_t i = 0; i < keys; i++) {
        char id[FG_ID_BYTES_MAX + 1], value[48];
        fg_api_key_t key = {
            .id = fg_str_of(id, (size_t)snprintf(id, sizeof(id), "key%07zu", i % (KEYS_MAX + 1))),
            .value = value_of(i, value),
            .name = FG_STR("bench"),
            .stage_keys = FG_STR("[]"),
            .is_enabled = true,
        };
        check(fg_store_key_insert(store, &key, &error), &error);
        check(fg_store_pair_insert(store, plan.id, key.id, &error), &error);
    }
    check(fg_store_commit(store, &error), &error);
}

static void spend(fg_agent_t *agent, size_t keys)
{
    fg_gate_t *gate = fg_gate_writer_gate(fg_agent_writer(agent));
    fg_gate_facts_t facts = {
        .stage_index = fg_gate_stage_find(gate, FG_STR("bench00000"), FG_STR("prod")),
        .is_key_required = true,
        .has_key = true,
    };
    size_t admitted = 0;
    for (size_t i = 0; i < keys; i++) {
        char value[48];
        facts.key_value = value_of(i, value);
        admitted += fg_gate_decide(gate, &facts, clock_now).kind == FG_VERDICT_ADMITTED;
    }
    if (admitted == keys)
        return;
    fprintf(stderr, "drain_bench: %zu of %zu were admitted\n", admitted, keys);
    exit(EXIT_FAILURE);
}

static int compare(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

static void report(const char *name, double *rounds)
{
    qsort(rounds, ROUNDS, sizeof(*rounds), compare);
    printf("%s_median %.0f ms\n%s_worst %.0f ms\n", name, rounds[ROUNDS / 2] * 1e3, name,
           rounds[ROUNDS - 1] * 1e3);
}

static void measure(fg_agent_t *agent, size_t keys)
{
    fg_error_t error = {0};
    double wall[ROUNDS], cpu[ROUNDS];
    for (size_t i = 0; i < ROUNDS; i++) {
        clock_now.wall.s += i == TURN_ROUND ? MINUTE_S : 1;
        clock_now.mono.us += FG_SECOND_US;
        spend(agent, keys);
        double wall_start = seconds(CLOCK_MONOTONIC);
        double cpu_start = seconds(CLOCK_PROCESS_CPUTIME_ID);
        check(fg_agent_drain(agent, clock_now, &error), &error);
        wall[i] = seconds(CLOCK_MONOTONIC) - wall_start;
        cpu[i] = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu_start;
    }
    printf("keys %zu keys\n", keys);
    report("drain_wall", wall);
    report("drain_cpu", cpu);
}

static int unlink_one(const char *path, const struct stat *file, int type, struct FTW *walk)
{
    (void)file;
    (void)type;
    (void)walk;
    return remove(path);
}

int main(int count, char **arguments)
{
    fg_error_t error = {0};
    fg_store_t *store;
    fg_agent_t *agent;
    char folder[] = "/tmp/fg-drain-XXXXXX", gate_dir[] = "/dev/shm/fg-drain-XXXXXX", path[64];
    size_t keys = count > 1 ? strtoul(arguments[1], NULL, 10) : 0;
    if (keys == 0 || keys > KEYS_MAX || !mkdtemp(folder) || !mkdtemp(gate_dir)) {
        fprintf(stderr, "usage: drain_bench KEYS\n");
        return EXIT_FAILURE;
    }
    (void)snprintf(path, sizeof(path), "%s/gate", gate_dir);
    clock_now = (fg_now_t){{1000 * FG_SECOND_US}, {1795589100}};
    check(fg_store_open(&(fg_store_options_t){.data_dir = folder, .random = fg_random_system()},
                        &store, &error),
          &error);
    furnish(store, keys);
    fg_agent_options_t options = {
        .gate_path = path,
        .group_id = -1,
        .is_leased = true,
        .region = "us-east-1",
        .account_id = "000000000000",
        .quota_exceeded_status = 403,
        .clock = bench_clock,
    };
    check(fg_agent_open(store, &options, &agent, &error), &error);
    measure(agent, keys);
    fg_agent_close(agent);
    fg_store_close(store);
    (void)nftw(folder, unlink_one, 8, FTW_DEPTH | FTW_PHYS);
    (void)nftw(gate_dir, unlink_one, 8, FTW_DEPTH | FTW_PHYS);
    return EXIT_SUCCESS;
}
