#include "metrics.h"

#include "exposition.h"
#include "gate/metrics.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define NO_LABELS "%s", ""
enum { CALLS_MAX = 1024 }; /* pairs of operation and status; more are counted as other */

typedef struct call_count {
    const char *operation;
    int status;
    uint64_t count;
} call_count_t;

/* A stage's series, summed over its methods. */
typedef struct stage_sum {
    char api_id[FG_ID_BYTES_MAX + 1], stage[FG_STAGE_NAME_BYTES_MAX + 1];
    fg_series_t series;
} stage_sum_t;

/* What one scrape shows. */
typedef struct scrape {
    const fg_gate_t *gate;
    stage_sum_t *stages;
    size_t stage_count, stage_room;
    bool is_short; /* of memory */
    fg_top_entry_t used[FG_TOP_KEYS_MAX], quota[FG_TOP_KEYS_MAX];
    size_t used_count, quota_count;
    fg_top_other_t other;
    fg_gate_fill_t fill;
    fg_agent_stats_t stats;
    fg_commit_times_t commits;
    uint64_t seq;
    double drain_age_s;
    bool has_workers;
} scrape_t;

struct fg_metrics {
    fg_node_t *node;
    int64_t started_s;
    call_count_t calls[CALLS_MAX];
    size_t call_count;
    scrape_t scrape; /* too large for a stack */
};

fg_metrics_t *fg_metrics_new(fg_node_t *node)
{
    fg_metrics_t *metrics = calloc(1, sizeof(*metrics));
    if (!metrics)
        return NULL;
    metrics->node = node;
    metrics->started_s = fg_now().wall.s;
    return metrics;
}

void fg_metrics_free(fg_metrics_t *metrics)
{
    if (metrics)
        free(metrics->scrape.stages);
    free(metrics);
}

void fg_metrics_count_call(fg_metrics_t *metrics, const char *operation, int status)
{
    for (size_t i = 0; i < metrics->call_count; i++) {
        call_count_t *call = &metrics->calls[i];
        bool is_last = i == CALLS_MAX - 1;
        if (!is_last && (call->status != status || strcmp(call->operation, operation) != 0))
            continue;
        call->count++;
        return;
    }
    bool is_last = metrics->call_count == CALLS_MAX - 1;
    metrics->calls[metrics->call_count++] =
        (call_count_t){is_last ? "other" : operation, is_last ? 0 : status, 1};
}

bool fg_metrics_wants_openmetrics(const char *accept)
{
    return accept && strstr(accept, "application/openmetrics-text") != NULL;
}

/* ---- what is copied under the lock ---- */

static stage_sum_t *stage_of(scrape_t *scrape, uint32_t stage_index)
{
    uint64_t api_id = 0;
    for (size_t i = 0; i < scrape->stage_count; i++)
        if (scrape->stages[i].series.stage_index == stage_index)
            return &scrape->stages[i];
    if (scrape->stage_count == scrape->stage_room) {
        size_t room = scrape->stage_room * 2 + 16;
        stage_sum_t *stages = realloc(scrape->stages, room * sizeof(*stages));
        if (!stages)
            return NULL;
        scrape->stages = stages;
        scrape->stage_room = room;
    }
    stage_sum_t *sum = &scrape->stages[scrape->stage_count++];
    *sum = (stage_sum_t){.series = {.stage_index = stage_index}};
    if (!fg_gate_stage_name(scrape->gate, stage_index, &api_id, sum->stage))
        sum->stage[0] = '\0';
    (void)fg_id_unpack(api_id, sum->api_id);
    return sum;
}

static void add(uint64_t *sums, const uint64_t *figures, size_t count)
{
    for (size_t i = 0; i < count; i++)
        sums[i] += figures[i];
}

static void add_series(void *ctx, const fg_series_t *series)
{
    scrape_t *scrape = ctx;
    stage_sum_t *stage = stage_of(scrape, series->stage_index);
    if (!stage) {
        scrape->is_short = true;
        return;
    }
    fg_series_t *sum = &stage->series;
    add(sum->outcomes, series->outcomes, FG_OUTCOME_COUNT);
    add(sum->statuses, series->statuses, FG_COUNT_OF(sum->statuses));
    add(sum->latency, series->latency, FG_LATENCY_BUCKETS);
    add(sum->integration_latency, series->integration_latency, FG_LATENCY_BUCKETS);
    sum->latency_sum_us += series->latency_sum_us;
    sum->integration_latency_sum_us += series->integration_latency_sum_us;
}

static bool take(fg_metrics_t *metrics)
{
    fg_node_t *node = metrics->node;
    scrape_t *scrape = &metrics->scrape;
    scrape->stage_count = 0;
    scrape->is_short = false;
    fg_node_lock(node);
    fg_now_t now = fg_now();
    fg_gate_writer_t *writer = fg_agent_writer(node->agent);
    const fg_top_t *top = fg_agent_top(node->agent);
    if (writer && top) {
        scrape->gate = fg_gate_writer_gate(writer);
        scrape->fill = fg_gate_fill(writer);
        scrape->seq = fg_gate_seq(scrape->gate);
        scrape->has_workers = fg_gate_has_workers(scrape->gate);
        scrape->used_count = fg_top_list(top, FG_TOP_USED, scrape->used, FG_TOP_KEYS_MAX);
        scrape->quota_count = fg_top_list(top, FG_TOP_QUOTA, scrape->quota, FG_TOP_KEYS_MAX);
        scrape->other = fg_top_other(top);
        if (fg_gate_series_each(scrape->gate, add_series, scrape) != FG_OK)
            scrape->is_short = true;
    }
    scrape->stats = fg_agent_stats(node->agent, now.mono);
    scrape->commits = fg_store_commit_times(node->store);
    scrape->drain_age_s = (double)(now.mono.us - node->drained_us) / FG_SECOND_US;
    fg_node_unlock(node);
    return !scrape->is_short;
}

/* ---- what is written without it ---- */

static void write_build(fg_exposition_t *x, const fg_metrics_t *metrics)
{
    (void)metrics;
    fg_exposition_sample(x, 1, "version=\"%s\"", FG_VERSION);
}

static void write_requests(fg_exposition_t *x, const fg_metrics_t *metrics)
{
    const scrape_t *scrape = &metrics->scrape;
    for (size_t i = 0; i < scrape->stage_count; i++)
        for (int outcome = 0; outcome < FG_OUTCOME_COUNT; outcome++)
            fg_exposition_sample(x, (double)scrape->stages[i].series.outcomes[outcome],
                                 "api=\"%s\",stage=\"%s\",outcome=\"%s\"", scrape->stages[i].api_id,
                                 scrape->stages[i].stage, fg_outcome_text((fg_outcome_t)outcome));
}

static void write_responses(fg_exposition_t *x, const fg_metrics_t *metrics)
{
    static const char *const classes[] = {"none", "1xx", "2xx", "3xx", "4xx", "5xx"};
    const scrape_t *scrape = &metrics->scrape;
    for (size_t i = 0; i < scrape->stage_count; i++)
        for (size_t class = 0; class < FG_COUNT_OF(classes); class ++)
            fg_exposition_sample(x, (double)scrape->stages[i].series.statuses[class],
                                 "api=\"%s\",stage=\"%s\",class=\"%s\"", scrape->stages[i].api_id,
                                 scrape->stages[i].stage, classes[class]);
}

static void write_histograms(fg_exposition_t *x, const scrape_t *scrape, bool is_integration)
{
    for (size_t i = 0; i < scrape->stage_count; i++) {
        char labels[FG_ID_BYTES_MAX + FG_STAGE_NAME_BYTES_MAX + 32];
        const stage_sum_t *stage = &scrape->stages[i];
        const fg_series_t *sum = &stage->series;
        (void)snprintf(labels, sizeof(labels), "api=\"%s\",stage=\"%s\"", stage->api_id,
                       stage->stage);
        fg_exposition_histogram(x, labels, fg_latency_bounds_us, FG_LATENCY_BUCKETS - 1,
                                is_integration ? sum->integration_latency : sum->latency,
                                is_integration ? sum->integration_latency_sum_us
                                               : sum->latency_sum_us);
    }
}

static void write_durations(fg_exposition_t *x, const fg_metrics_t *metrics)
{
    write_histograms(x, &metrics->scrape, false);
}

static void write_integrations(fg_exposition_t *x, const fg_metrics_t *metrics)
{
    write_histograms(x, &metrics->scrape, true);
}

/* The key of a label: its id, or "customer N" for keys that share a quota. */
typedef struct pair_labels {
    char key[32], plan[FG_ID_BYTES_MAX + 1];
} pair_labels_t;

static pair_labels_t labels_of(const fg_top_entry_t *entry)
{
    pair_labels_t labels;
    (void)fg_id_unpack(entry->plan_id, labels.plan);
    if (FG_GATE_IS_GROUP(entry->key_id))
        (void)snprintf(labels.key, sizeof(labels.key), "~%llu",
                       (unsigned long long)(entry->key_id << 1 >> 1));
    else
        (void)fg_id_unpack(entry->key_id, labels.key);
    return labels;
}

static void write_key_requests(fg_exposition_t *x, const fg_metrics_t *metrics)
{
    const scrape_t *scrape = &metrics->scrape;
    for (size_t i = 0; i < scrape->used_count; i++) {
        pair_labels_t labels = labels_of(&scrape->used[i]);
        fg_exposition_sample(x, (double)scrape->used[i].counted, "plan=\"%s\",key=\"%s\"",
                             labels.plan, labels.key);
    }
    fg_exposition_sample(x, (double)scrape->other.counted, "plan=\"other\",key=\"other\"");
}

static void write_key_refusals(fg_exposition_t *x, const fg_metrics_t *metrics)
{
    const scrape_t *scrape = &metrics->scrape;
    for (size_t i = 0; i < scrape->used_count; i++) {
        const fg_top_entry_t *entry = &scrape->used[i];
        pair_labels_t labels = labels_of(entry);
        fg_exposition_sample(x, (double)entry->counted_throttled,
                             "plan=\"%s\",key=\"%s\",limit=\"throttle\"", labels.plan, labels.key);
        fg_exposition_sample(x, (double)entry->counted_over_quota,
                             "plan=\"%s\",key=\"%s\",limit=\"quota\"", labels.plan, labels.key);
    }
    fg_exposition_sample(x, (double)scrape->other.throttled,
                         "plan=\"other\",key=\"other\",limit=\"throttle\"");
    fg_exposition_sample(x, (double)scrape->other.over_quota,
                         "plan=\"other\",key=\"other\",limit=\"quota\"");
}

static void write_quotas(fg_exposition_t *x, const fg_metrics_t *metrics)
{
    const scrape_t *scrape = &metrics->scrape;
    for (size_t i = 0; i < scrape->quota_count; i++) {
        const fg_top_entry_t *entry = &scrape->quota[i];
        pair_labels_t labels = labels_of(entry);
        fg_exposition_sample(x, (double)entry->quota_remaining / (double)entry->quota_limit,
                             "plan=\"%s\",key=\"%s\"", labels.plan, labels.key);
    }
}

#define TABLES(X) X(keys) X(slots) X(plans) X(stages) X(buckets) X(meters)

static void write_entries(fg_exposition_t *x, const fg_metrics_t *metrics)
{
#define WRITE(table)                                                                               \
    fg_exposition_sample(x, (double)metrics->scrape.fill.table, "table=\"" #table "\"");
    TABLES(WRITE)
#undef WRITE
}

static void write_capacity(fg_exposition_t *x, const fg_metrics_t *metrics)
{
#define WRITE(table)                                                                               \
    fg_exposition_sample(x, (double)metrics->scrape.fill.table##_max, "table=\"" #table "\"");
    TABLES(WRITE)
#undef WRITE
}

static void write_buckets_refused(fg_exposition_t *x, const fg_metrics_t *metrics)
{
    fg_exposition_sample(x, (double)metrics->scrape.fill.buckets_refused, NO_LABELS);
}

static void write_resident(fg_exposition_t *x, const fg_metrics_t *metrics)
{
    fg_exposition_sample(x, (double)metrics->scrape.fill.bytes_resident, NO_LABELS);
}

static void write_data_plane(fg_exposition_t *x, const fg_metrics_t *metrics)
{
    fg_exposition_sample(x, metrics->scrape.has_workers, NO_LABELS);
}

static void write_drain_age(fg_exposition_t *x, const fg_metrics_t *metrics)
{
    fg_exposition_sample(x, metrics->scrape.drain_age_s, NO_LABELS);
}

static void write_grants(fg_exposition_t *x, const fg_metrics_t *metrics)
{
    fg_exposition_sample(x, (double)metrics->scrape.stats.grants, NO_LABELS);
}

static void write_granted_requests(fg_exposition_t *x, const fg_metrics_t *metrics)
{
    fg_exposition_sample(x, (double)metrics->scrape.stats.granted_requests, NO_LABELS);
}

static void write_lease_age(fg_exposition_t *x, const fg_metrics_t *metrics)
{
    int64_t age_us = metrics->scrape.stats.lease_age_us;
    if (age_us >= 0)
        fg_exposition_sample(x, (double)age_us / FG_SECOND_US, NO_LABELS);
}

static void write_grant_lag(fg_exposition_t *x, const fg_metrics_t *metrics)
{
    fg_exposition_sample(x, (double)metrics->scrape.stats.grant_lag_us / FG_SECOND_US, NO_LABELS);
}

static void write_commits(fg_exposition_t *x, const fg_metrics_t *metrics)
{
    const fg_commit_times_t *commits = &metrics->scrape.commits;
    fg_exposition_histogram(x, "", fg_commit_bounds_us, FG_COMMIT_BUCKETS - 1, commits->buckets,
                            commits->sum_us);
}

static void write_sequence(fg_exposition_t *x, const fg_metrics_t *metrics)
{
    fg_exposition_sample(x, (double)metrics->scrape.seq, NO_LABELS);
}

static void write_control(fg_exposition_t *x, const fg_metrics_t *metrics)
{
    for (size_t i = 0; i < metrics->call_count; i++) {
        const call_count_t *call = &metrics->calls[i];
        fg_exposition_sample(x, (double)call->count, "operation=\"%s\",status=\"%d\"",
                             call->operation[0] ? call->operation : "none", call->status);
    }
}

/* ---- this process ---- */

static void write_cpu(fg_exposition_t *x, const fg_metrics_t *metrics)
{
    struct rusage usage;
    (void)metrics;
    if (getrusage(RUSAGE_SELF, &usage) == 0)
        fg_exposition_sample(x,
                             (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                                 (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6,
                             NO_LABELS);
}

static void write_memory(fg_exposition_t *x, const fg_metrics_t *metrics)
{
    unsigned long long pages;
    FILE *file = fopen("/proc/self/statm", "re");
    (void)metrics;
    if (file && fscanf(file, "%*u %llu", &pages) == 1)
        fg_exposition_sample(x, (double)pages * (double)sysconf(_SC_PAGESIZE), NO_LABELS);
    if (file)
        (void)fclose(file);
}

static void write_open_fds(fg_exposition_t *x, const fg_metrics_t *metrics)
{
    DIR *folder = opendir("/proc/self/fd");
    int count = -3; /* ".", ".." and the folder itself */
    (void)metrics;
    if (!folder)
        return;
    while (readdir(folder))
        count++;
    (void)closedir(folder);
    fg_exposition_sample(x, count, NO_LABELS);
}

static void write_max_fds(fg_exposition_t *x, const fg_metrics_t *metrics)
{
    struct rlimit limit;
    (void)metrics;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
        fg_exposition_sample(x, (double)limit.rlim_cur, NO_LABELS);
}

static void write_start(fg_exposition_t *x, const fg_metrics_t *metrics)
{
    fg_exposition_sample(x, (double)metrics->started_s, NO_LABELS);
}

/* ---- the list ---- */

static const struct {
    const char *name;
    fg_metric_kind_t kind;
    const char *unit;
    void (*write)(fg_exposition_t *x, const fg_metrics_t *metrics);
    const char *help;
} rows[] = {
#define FG_METRIC(name, kind, unit, write, help) {name, FG_METRIC_##kind, unit, write, help},
#include "metrics.def"
#undef FG_METRIC
};

fg_str_t fg_metrics_render(fg_metrics_t *metrics, bool is_openmetrics, fg_arena_t *arena)
{
    char *text = NULL;
    size_t bytes = 0;
    if (!take(metrics))
        return FG_STR_NONE;
    fg_exposition_t x = {.out = open_memstream(&text, &bytes), .is_openmetrics = is_openmetrics};
    if (!x.out)
        return FG_STR_NONE;
    for (size_t i = 0; i < FG_COUNT_OF(rows); i++) {
        fg_exposition_family(&x, rows[i].name, rows[i].kind, rows[i].unit, rows[i].help);
        rows[i].write(&x, metrics);
    }
    fg_exposition_end(&x);
    bool is_whole = !ferror(x.out);
    is_whole = fclose(x.out) == 0 && is_whole;
    fg_str_t answer = is_whole ? fg_arena_copy(arena, fg_str_of(text, bytes)) : FG_STR_NONE;
    free(text);
    return answer;
}
