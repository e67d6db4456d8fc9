#include "exposition.h"

#include "base/status.h"

#include <stdarg.h>
#include <string.h>

#define SECOND_US 1e6

void fg_exposition_family(fg_exposition_t *exposition, const char *name, fg_metric_kind_t kind,
                          const char *unit, const char *help)
{
    static const char *const types[] = {"counter", "gauge", "histogram", "info"};
    bool is_old = !exposition->is_openmetrics;
    const char *suffix = "", *type = types[kind];
    if (is_old && kind == FG_METRIC_COUNTER)
        suffix = "_total";
    if (is_old && kind == FG_METRIC_INFO) {
        suffix = "_info";
        type = "gauge";
    }
    exposition->name = name;
    exposition->kind = kind;
    (void)fprintf(exposition->out, "# HELP %s%s %s\n# TYPE %s%s %s\n", name, suffix, help, name,
                  suffix, type);
    if (unit && !is_old)
        (void)fprintf(exposition->out, "# UNIT %s %s\n", name, unit);
}

static const char *sample_suffix(fg_metric_kind_t kind)
{
    return kind == FG_METRIC_COUNTER ? "_total" : kind == FG_METRIC_INFO ? "_info" : "";
}

void fg_exposition_sample(fg_exposition_t *exposition, double value, const char *labels, ...)
{
    char text[512];
    va_list arguments;
    FG_ASSERT(exposition->kind != FG_METRIC_HISTOGRAM);
    va_start(arguments, labels);
    (void)vsnprintf(text, sizeof(text), labels, arguments);
    va_end(arguments);
    (void)fprintf(exposition->out, "%s%s%s%s%s %.15g\n", exposition->name,
                  sample_suffix(exposition->kind), text[0] ? "{" : "", text, text[0] ? "}" : "",
                  value);
}

/* OpenMetrics wants a bound to look like a real number. */
static void write_bound(FILE *out, double seconds)
{
    char text[32];
    (void)snprintf(text, sizeof(text), "%.6g", seconds);
    (void)fprintf(out, "%s%s", text, strpbrk(text, ".e") ? "" : ".0");
}

void fg_exposition_histogram(fg_exposition_t *exposition, const char *labels,
                             const uint32_t *bounds_us, size_t count, const uint64_t *buckets,
                             uint64_t sum_us)
{
    uint64_t total = 0;
    FILE *out = exposition->out;
    const char *name = exposition->name, *comma = labels[0] ? "," : "";
    const char *open = labels[0] ? "{" : "", *close = labels[0] ? "}" : "";
    FG_ASSERT(exposition->kind == FG_METRIC_HISTOGRAM);
    for (size_t i = 0; i <= count; i++) {
        total += buckets[i];
        (void)fprintf(out, "%s_bucket{%s%sle=\"", name, labels, comma);
        if (i < count)
            write_bound(out, bounds_us[i] / SECOND_US);
        else
            (void)fputs("+Inf", out);
        (void)fprintf(out, "\"} %llu\n", (unsigned long long)total);
    }
    (void)fprintf(out, "%s_sum%s%s%s %.15g\n", name, open, labels, close,
                  (double)sum_us / SECOND_US);
    (void)fprintf(out, "%s_count%s%s%s %llu\n", name, open, labels, close,
                  (unsigned long long)total);
}

void fg_exposition_end(fg_exposition_t *exposition)
{
    if (exposition->is_openmetrics)
        (void)fputs("# EOF\n", exposition->out);
}

const char *fg_exposition_type(bool is_openmetrics)
{
    return is_openmetrics ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
                          : "text/plain; version=0.0.4; charset=utf-8";
}
