#include "webhook.h"

#include "model/webhook.h"
#include "store/outbox.h"
#include "transfer.h"

#include <stdio.h>

enum {
    FLIGHTS_MAX = 16, /* attempts at a time */
    LOOK_MS = 200,    /* between two looks at the outbox */
    ANSWER_MS = 10000,
    ANSWER_BYTES_MAX = 64 * 1024, /* read and thrown away */
    TRIM_INTERVAL_S = 3600,
    TRIM_AFTER_DAYS = 90,
    TRIM_AT_ONCE = 1000,
    STATUS_GONE = 410,
};

/* One attempt. It lies here from the take-off until what came of it is in the store. */
typedef struct flight {
    bool is_taken, is_landed;
    fg_arena_t *arena; /* of the event's texts */
    fg_outbox_event_t event;
    CURL *curl;
    struct curl_slist *headers;
    size_t answer_bytes;
    char reason[CURL_ERROR_SIZE];
} flight_t;

static fg_node_t *node;
static pthread_t thread;
static atomic_bool is_stopping;
static CURLM *multi;
static flight_t flights[FLIGHTS_MAX];
static fg_status_t store_status; /* of the last use, to log changes of it only */
static int64_t trimmed_us;

static void note_status(fg_status_t status, const fg_error_t *error)
{
    if (status == store_status)
        return;
    store_status = status;
    if (status == FG_OK)
        fg_log(FG_LOG_INFO, "the outbox is read and written again");
    else
        fg_log(FG_LOG_WARN, "the outbox cannot be used, events wait: %s", error->message);
}

/* ---- taking off ---- */

static size_t discard(char *bytes, size_t size, size_t count, void *user)
{
    flight_t *flight = user;
    (void)bytes;
    flight->answer_bytes += size * count;
    return flight->answer_bytes > ANSWER_BYTES_MAX ? 0 : size * count;
}

static bool add_header(flight_t *flight, const char *name, fg_str_t value)
{
    return fg_transfer_header_add(&flight->headers, flight->arena, fg_str(name), value);
}

/* Rule AL3. */
static bool add_headers(flight_t *flight, const uint8_t secret[FG_SECRET_BYTES], fg_wall_t now)
{
    char signature[FG_WEBHOOK_SIGNATURE_BYTES + 1], seconds[24];
    (void)snprintf(seconds, sizeof(seconds), "%lld", (long long)now.s);
    return fg_webhook_sign(secret, flight->event.id, now, flight->event.body, flight->arena,
                           signature) == FG_OK &&
           add_header(flight, "Content-Type", FG_STR("application/cloudevents+json")) &&
           add_header(flight, "webhook-id", flight->event.id) &&
           add_header(flight, "webhook-timestamp", fg_str(seconds)) &&
           add_header(flight, "webhook-signature", fg_str(signature)) &&
           fg_transfer_header_drop(&flight->headers, "Expect:"); /* no round trip before the body */
}

/* Rule AL6: a bounded time. */
static bool set_up(flight_t *flight)
{
    CURL *curl = flight->curl;
    fg_str_t body = flight->event.body;
    return fg_transfer_set_up(curl, flight->event.url.at, flight->headers, ANSWER_MS) &&
           curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.len) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body.at) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_USERAGENT, "faregate/" FG_VERSION) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, discard) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_WRITEDATA, flight) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, flight->reason) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_PRIVATE, flight) == CURLE_OK;
}

static void release(flight_t *flight)
{
    if (flight->curl) {
        (void)curl_multi_remove_handle(multi, flight->curl);
        curl_easy_cleanup(flight->curl);
    }
    curl_slist_free_all(flight->headers);
    fg_arena_free(flight->arena);
    *flight = (flight_t){.is_taken = false};
}

static bool copy_event(flight_t *flight, const fg_outbox_event_t *event)
{
    flight->event = *event;
    flight->event.id = fg_arena_copy(flight->arena, event->id);
    flight->event.url = fg_arena_copy(flight->arena, event->url);
    flight->event.body = fg_arena_copy(flight->arena, event->body);
    flight->event.last_error = FG_STR_NONE;
    return flight->event.id.at && flight->event.url.at && flight->event.body.at;
}

/* Without memory the event stays due. */
static void take_off(flight_t *flight, const fg_outbox_event_t *event,
                     const uint8_t secret[FG_SECRET_BYTES], fg_wall_t now)
{
    flight->is_taken = true;
    flight->arena = fg_arena_new();
    flight->curl = curl_easy_init();
    if (!flight->arena || !flight->curl || !copy_event(flight, event) ||
        !add_headers(flight, secret, now) || !set_up(flight) ||
        curl_multi_add_handle(multi, flight->curl) != CURLM_OK)
        release(flight);
}

static flight_t *find_free(void)
{
    for (size_t i = 0; i < FLIGHTS_MAX; i++)
        if (!flights[i].is_taken)
            return &flights[i];
    return NULL;
}

static bool is_under_way(int64_t number)
{
    for (size_t i = 0; i < FLIGHTS_MAX; i++)
        if (flights[i].is_taken && flights[i].event.number == number)
            return true;
    return false;
}

static fg_status_t read_due(fg_wall_t now, fg_arena_t *arena, fg_outbox_event_t **ret_events,
                            size_t *ret_count, uint8_t ret_secret[FG_SECRET_BYTES],
                            fg_error_t *reterr)
{
    fg_node_lock(node);
    fg_status_t status =
        fg_store_outbox_due(node->store, now, FLIGHTS_MAX, arena, ret_events, ret_count, reterr);
    if (status == FG_OK && *ret_count > 0)
        status = fg_store_webhook_secret_get(node->store, arena, ret_secret, reterr);
    fg_node_unlock(node);
    return status;
}

static void take_off_due(fg_wall_t now)
{
    fg_error_t error = {0};
    fg_outbox_event_t *events;
    size_t count = 0;
    uint8_t secret[FG_SECRET_BYTES];
    fg_arena_t *arena = find_free() ? fg_arena_new() : NULL;
    if (!arena)
        return;
    fg_status_t status = read_due(now, arena, &events, &count, secret, &error);
    note_status(status, &error);
    for (size_t i = 0; status == FG_OK && i < count; i++) {
        flight_t *flight = find_free();
        if (flight && !is_under_way(events[i].number))
            take_off(flight, &events[i], secret, now);
    }
    fg_arena_free(arena);
}

/* ---- landing ---- */

static void fail(flight_t *flight, bool is_final, fg_wall_t now)
{
    fg_outbox_event_t *event = &flight->event;
    fg_random_t random = fg_random_system();
    uint64_t dice = 0;
    (void)random.fill(random.ctx, &dice, sizeof(dice)); /* without it the wait is the shortest */
    bool is_again = !is_final && fg_retry_next(&fg_webhook_retries, event->created_at, now,
                                               event->attempts, dice, &event->next_at);
    event->state = is_again ? FG_OUTBOX_PENDING : FG_OUTBOX_FAILED;
    fg_log(is_again ? FG_LOG_INFO : FG_LOG_WARN, "event %.*s: attempt %lld failed%s: %.*s",
           FG_STR_ARG(event->id), (long long)event->attempts, is_again ? "" : ", given up",
           FG_STR_ARG(event->last_error));
}

static void land(flight_t *flight, CURLcode code, fg_wall_t now)
{
    fg_outbox_event_t *event = &flight->event;
    long status = 0;
    (void)curl_easy_getinfo(flight->curl, CURLINFO_RESPONSE_CODE, &status);
    flight->is_landed = true;
    event->attempts++;
    if (code == CURLE_OK && status >= 200 && status < 300) {
        event->state = FG_OUTBOX_DELIVERED;
        event->delivered_at = now;
        return;
    }
    if (code == CURLE_OK)
        event->last_error = fg_arena_printf(flight->arena, "answered %ld", status);
    else
        event->last_error = fg_transfer_reason(flight->reason, code);
    fail(flight, code == CURLE_OK && status == STATUS_GONE, now);
}

static void land_all(fg_wall_t now)
{
    CURLMsg *message;
    int left;
    while ((message = curl_multi_info_read(multi, &left))) {
        char *flight = NULL;
        (void)curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &flight);
        if (message->msg == CURLMSG_DONE && flight)
            land((flight_t *)(void *)flight, message->data.result, now);
    }
}

/* ---- writing ---- */

static fg_status_t write_landed(fg_error_t *reterr)
{
    fg_status_t status = fg_store_begin(node->store, reterr);
    for (size_t i = 0; status == FG_OK && i < FLIGHTS_MAX; i++) {
        if (!flights[i].is_landed)
            continue;
        status = fg_store_outbox_update(node->store, &flights[i].event, reterr);
        status = status == FG_NOT_FOUND ? FG_OK : status; /* dropped meanwhile */
    }
    if (status == FG_OK)
        status = fg_store_commit(node->store, reterr);
    if (status != FG_OK)
        fg_store_rollback(node->store);
    return status;
}

/* What cannot be written stays landed: it is not sent again until it is known what came of it. */
static void keep_record(void)
{
    fg_error_t error = {0};
    bool is_any = false;
    for (size_t i = 0; i < FLIGHTS_MAX; i++)
        is_any = is_any || flights[i].is_landed;
    if (!is_any)
        return;
    fg_node_lock(node);
    fg_status_t status = write_landed(&error);
    fg_node_unlock(node);
    note_status(status, &error);
    for (size_t i = 0; status == FG_OK && i < FLIGHTS_MAX; i++)
        if (flights[i].is_landed)
            release(&flights[i]);
}

static void trim(fg_now_t now)
{
    fg_error_t error = {0};
    fg_wall_t until = {now.wall.s - TRIM_AFTER_DAYS * (int64_t)FG_DAY_S};
    if (now.mono.us - trimmed_us < TRIM_INTERVAL_S * FG_SECOND_US)
        return;
    trimmed_us = now.mono.us;
    fg_node_lock(node);
    fg_status_t status = fg_store_begin(node->store, &error);
    if (status == FG_OK)
        status = fg_store_outbox_trim(node->store, until, TRIM_AT_ONCE, &error);
    if (status == FG_OK)
        status = fg_store_commit(node->store, &error);
    if (status != FG_OK)
        fg_store_rollback(node->store);
    fg_node_unlock(node);
    note_status(status, &error);
}

/* ---- the thread ---- */

static void *carry(void *argument)
{
    int64_t looked_us = 0;
    (void)argument;
    while (!is_stopping) {
        int running;
        fg_now_t now = fg_now();
        if (now.mono.us - looked_us >= LOOK_MS * INT64_C(1000)) {
            looked_us = now.mono.us;
            take_off_due(now.wall);
            trim(now);
        }
        (void)curl_multi_perform(multi, &running);
        land_all(fg_now().wall);
        keep_record();
        (void)curl_multi_poll(multi, NULL, 0, LOOK_MS, NULL);
    }
    return NULL;
}

fg_status_t fg_webhooks_start(fg_node_t *its_node, fg_error_t *reterr)
{
    node = its_node;
    multi = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? curl_multi_init() : NULL;
    if (!multi)
        return fg_error_set(reterr, FG_NO_MEMORY, "", "libcurl cannot be started");
    if (pthread_create(&thread, NULL, carry, NULL) != 0)
        return fg_error_set(reterr, FG_INTERNAL, "", "a thread cannot be started");
    return FG_OK;
}

void fg_webhooks_stop(void)
{
    is_stopping = true;
    (void)curl_multi_wakeup(multi);
    (void)pthread_join(thread, NULL);
    for (size_t i = 0; i < FLIGHTS_MAX; i++)
        release(&flights[i]);
    (void)curl_multi_cleanup(multi);
    curl_global_cleanup();
}
