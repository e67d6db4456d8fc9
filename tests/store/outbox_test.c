/*
 * Alerts are fired once; their events wait until they are delivered or given up. Rules AL1, AL4.
 */
#include "store/fixture.h"

#include "store/outbox.h"

static fg_status_t put(fixture_t *f, const char *id, const char *url, int64_t at)
{
    fg_outbox_event_t event = {
        .id = fg_str(id), .url = fg_str(url), .body = FG_STR("{}"), .created_at = {at}};
    return fg_store_outbox_put(f->store, &event, &f->error);
}

/* The ids that are listed in a state, or due at a time. */
static const char *ids(fixture_t *f, const fg_outbox_event_t *events, size_t count)
{
    fg_str_t text = FG_STR("");
    for (size_t i = 0; i < count; i++)
        text = fg_arena_printf(f->arena, "%.*s%s%.*s", FG_STR_ARG(text), i ? " " : "",
                               FG_STR_ARG(events[i].id));
    return text.at;
}

static const char *listed(fixture_t *f, fg_outbox_state_t state)
{
    fg_outbox_event_t *events;
    size_t count;
    ok(fg_store_outbox_list(f->store, state, 0, 100, f->arena, &events, &count, &f->error));
    for (size_t i = 0; i < count; i++)
        assert_true(state == FG_OUTBOX_STATES || events[i].state == state);
    return ids(f, events, count);
}

static const char *due(fixture_t *f, int64_t now)
{
    fg_outbox_event_t *events;
    size_t count;
    ok(fg_store_outbox_due(f->store, (fg_wall_t){now}, 100, f->arena, &events, &count, &f->error));
    return ids(f, events, count);
}

static fg_outbox_event_t first_due(fixture_t *f, int64_t now)
{
    fg_outbox_event_t *events;
    size_t count;
    ok(fg_store_outbox_due(f->store, (fg_wall_t){now}, 1, f->arena, &events, &count, &f->error));
    assert_int_equal(count, 1);
    return events[0];
}

static bool fire(fixture_t *f, const char *key_id, uint32_t start_day, unsigned threshold)
{
    bool is_new;
    ok(fg_store_alert_fire(f->store, FG_STR("plan01"), fg_str(key_id), start_day, threshold,
                           (fg_wall_t){50}, &is_new, &f->error));
    return is_new;
}

static void a_threshold_is_fired_once_per_window_and_key(void **state)
{
    fixture_t *f = *state;
    begin(f);
    assert_true(fire(f, "a", 10, 80));
    assert_false(fire(f, "a", 10, 80));
    assert_true(fire(f, "a", 10, 100));
    assert_true(fire(f, "b", 10, 80));
    assert_true(fire(f, "a", 11, 80));
    commit(f);
    fixture_close(f);
    ok(fixture_open(f));
    begin(f);
    assert_false(fire(f, "a", 10, 80));
    fg_store_rollback(f->store);
}

/* Alert and event are one transaction: what is rolled back leaves neither. Rule AL4. */
static void an_alert_goes_with_its_event(void **state)
{
    fixture_t *f = *state;
    begin(f);
    assert_true(fire(f, "a", 10, 80));
    ok(put(f, "event-1", "http://h/", 100));
    fg_store_rollback(f->store);
    assert_string_equal(listed(f, FG_OUTBOX_STATES), "");
    begin(f);
    assert_true(fire(f, "a", 10, 80));
    commit(f);
}

static void events_wait_until_they_are_delivered_or_given_up(void **state)
{
    fixture_t *f = *state;
    begin(f);
    ok(put(f, "first", "http://h/", 100));
    ok(put(f, "second", "http://h/", 100));
    ok(put(f, "nowhere", "", 100));
    commit(f);
    assert_string_equal(due(f, 99), "");
    assert_string_equal(due(f, 100), "first second");

    fg_outbox_event_t event = first_due(f, 100);
    assert_true(event.state == FG_OUTBOX_PENDING && event.attempts == 0 && !event.last_error.at);
    event.attempts = 1;
    event.next_at.s = 130;
    event.last_error = FG_STR("status 500");
    begin(f);
    ok(fg_store_outbox_update(f->store, &event, &f->error));
    commit(f);
    assert_string_equal(due(f, 100), "second");
    assert_string_equal(due(f, 130), "second first");
    assert_string_equal(listed(f, FG_OUTBOX_PENDING), "second first");

    event.state = FG_OUTBOX_DELIVERED;
    event.delivered_at.s = 131;
    event.last_error = FG_STR_NONE;
    begin(f);
    ok(fg_store_outbox_update(f->store, &event, &f->error));
    /* a late attempt's failure does not take it back */
    event.state = FG_OUTBOX_FAILED;
    assert_int_equal(fg_store_outbox_update(f->store, &event, &f->error), FG_NOT_FOUND);
    event = first_due(f, 200);
    assert_true(fg_str_is(event.id, "second"));
    event.state = FG_OUTBOX_FAILED;
    event.last_error = FG_STR("gone");
    ok(fg_store_outbox_update(f->store, &event, &f->error));
    commit(f);

    assert_string_equal(due(f, INT64_MAX - 1), "");
    assert_string_equal(listed(f, FG_OUTBOX_DELIVERED), "first");
    assert_string_equal(listed(f, FG_OUTBOX_FAILED), "second");
    assert_string_equal(listed(f, FG_OUTBOX_UNSENT), "nowhere");
    assert_string_equal(listed(f, FG_OUTBOX_PENDING), "");
    assert_string_equal(listed(f, FG_OUTBOX_STATES), "nowhere second first");
}

static void events_are_listed_by_pages(void **state)
{
    fixture_t *f = *state;
    begin(f);
    ok(put(f, "a", "http://h/", 1));
    ok(put(f, "b", "http://h/", 2));
    ok(put(f, "c", "http://h/", 3));
    commit(f);
    fg_outbox_event_t *events;
    size_t count;
    ok(fg_store_outbox_list(f->store, FG_OUTBOX_PENDING, 0, 2, f->arena, &events, &count,
                            &f->error));
    assert_string_equal(ids(f, events, count), "c b");
    ok(fg_store_outbox_list(f->store, FG_OUTBOX_PENDING, events[1].number, 2, f->arena, &events,
                            &count, &f->error));
    assert_string_equal(ids(f, events, count), "a");
}

/* An event that somebody still waits for is never dropped, however old. */
static void old_events_are_dropped_unless_pending(void **state)
{
    fixture_t *f = *state;
    const int64_t day = 86400;
    begin(f);
    ok(put(f, "old", "http://h/", 1 * day));
    ok(put(f, "old-unsent", "", 1 * day));
    ok(put(f, "young-unsent", "", 9 * day));
    assert_true(fire(f, "a", 1, 80));
    assert_true(fire(f, "a", 9, 80));
    ok(fg_store_outbox_trim(f->store, (fg_wall_t){5 * day}, 100, &f->error));
    assert_true(fire(f, "a", 1, 80));
    assert_false(fire(f, "a", 9, 80));
    commit(f);
    assert_string_equal(listed(f, FG_OUTBOX_STATES), "young-unsent old");
}

static void states_have_texts(void **state)
{
    (void)state;
    for (fg_outbox_state_t i = 0; i < FG_OUTBOX_STATES; i++)
        assert_int_equal(fg_outbox_state_of(fg_str(fg_outbox_state_text(i))), i);
    assert_int_equal(fg_outbox_state_of(FG_STR("Pending")), FG_OUTBOX_STATES);
    assert_int_equal(fg_outbox_state_of(FG_STR_NONE), FG_OUTBOX_STATES);
}

/* The secret is the same after reopening, and nowhere in clear. */
static void the_secret_is_kept_sealed(void **state)
{
    fixture_t *f = *state;
    uint8_t first[FG_SECRET_BYTES], again[FG_SECRET_BYTES];
    fg_str_t text;
    assert_int_equal(fg_store_webhook_secret_get(f->store, f->arena, first, &f->error),
                     FG_NOT_FOUND);
    begin(f);
    ok(fg_store_webhook_secret_make(f->store, &f->error));
    commit(f);
    ok(fg_store_webhook_secret_get(f->store, f->arena, first, &f->error));
    fixture_close(f);
    ok(fixture_open(f));
    ok(fg_store_webhook_secret_get(f->store, f->arena, again, &f->error));
    assert_memory_equal(first, again, sizeof(first));
    char hex[2 * FG_SECRET_BYTES + 1];
    fg_hex(first, sizeof(first), hex);
    ok(fg_store_setting_get(f->store, FG_STR("webhook_secret"), f->arena, &text, &f->error));
    assert_null(strstr(text.at, hex));

    begin(f);
    ok(fg_store_webhook_secret_make(f->store, &f->error));
    ok(fg_store_webhook_secret_get(f->store, f->arena, again, &f->error));
    assert_memory_not_equal(first, again, sizeof(first));
    text = fg_arena_printf(f->arena, "x%s", text.at + 1);
    ok(fg_store_setting_set(f->store, FG_STR("webhook_secret"), text, &f->error));
    assert_int_equal(fg_store_webhook_secret_get(f->store, f->arena, again, &f->error), FG_CORRUPT);
    commit(f);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_threshold_is_fired_once_per_window_and_key),
        TEST(an_alert_goes_with_its_event),
        TEST(events_wait_until_they_are_delivered_or_given_up),
        TEST(events_are_listed_by_pages),
        TEST(old_events_are_dropped_unless_pending),
        TEST(states_have_texts),
        TEST(the_secret_is_kept_sealed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
