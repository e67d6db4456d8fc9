/* Alerts are listed, the webhook's secret is shown, a test is sent; changes are on record. Rules
 * AL3, AL7, C9. */
#include "control/scene.h"

#include "store/outbox.h"

#define REMAINING(value)                                                                           \
    "{\"patchOperations\":[{\"op\":\"replace\",\"path\":\"/remaining\",\"value\":\"" value "\"}]}"

static void put_event(scene_t *scene, const char *id, const char *url)
{
    fg_error_t error = {0};
    fg_outbox_event_t event = {.id = fg_str(id),
                               .url = fg_str(url),
                               .body = FG_STR("{\"type\":\"t\"}"),
                               .created_at = scene->now.wall};
    assert_int_equal(fg_store_begin(scene->store, &error), FG_OK);
    assert_int_equal(fg_store_outbox_put(scene->store, &event, &error), FG_OK);
    assert_int_equal(fg_store_commit(scene->store, &error), FG_OK);
}

static void alerts_are_listed_by_state(void **state)
{
    scene_t *scene = *state;
    put_event(scene, "one", "http://h/");
    put_event(scene, "two", "");
    call(scene, 200, "GET", NULL, "/faregate/alerts");
    assert_string_equal(text_at(scene, "item.0.id"), "two");
    assert_string_equal(text_at(scene, "item.0.state"), "unsent");
    assert_string_equal(text_at(scene, "item.1.id"), "one");
    assert_string_equal(text_at(scene, "item.1.state"), "pending");
    assert_string_equal(text_at(scene, "item.1.url"), "http://h/");
    assert_string_equal(text_at(scene, "item.1.event.type"), "t");
    call(scene, 200, "GET", NULL, "/faregate/alerts?state=pending");
    assert_string_equal(text_at(scene, "item.0.id"), "one");
    assert_null(value_at(scene, "item.1"));
    call(scene, 400, "GET", NULL, "/faregate/alerts?state=lost");
    assert_non_null(strstr(scene->body, "state must be one of"));
    call(scene, 200, "GET", NULL, "/faregate/alerts?limit=1");
    char position[64];
    snprintf(position, sizeof(position), "%s", text_at(scene, "position"));
    call(scene, 200, "GET", NULL, "/faregate/alerts?limit=1&position=%s", position);
    assert_string_equal(text_at(scene, "item.0.id"), "one");
    assert_null(value_at(scene, "position"));
}

static void the_secret_is_shown(void **state)
{
    scene_t *scene = *state;
    fg_error_t error = {0};
    call(scene, 404, "GET", NULL, "/faregate/alerts/webhook");
    assert_int_equal(fg_store_begin(scene->store, &error), FG_OK);
    assert_int_equal(fg_store_webhook_secret_make(scene->store, &error), FG_OK);
    assert_int_equal(fg_store_commit(scene->store, &error), FG_OK);
    scene->control.settings.alert_webhook_url = "http://h/";
    call(scene, 200, "GET", NULL, "/faregate/alerts/webhook");
    assert_string_equal(text_at(scene, "url"), "http://h/");
    assert_int_equal(strncmp(text_at(scene, "secret"), "whsec_", 6), 0);
    assert_int_equal(strlen(text_at(scene, "secret")), 50);
}

/* given no URL of the installation, expect one to be asked for; given either, expect an event */
static void a_test_goes_somewhere(void **state)
{
    scene_t *scene = *state;
    call(scene, 400, "POST", NULL, "/faregate/alerts/test");
    assert_non_null(strstr(scene->body, "No alert webhook is set"));
    call(scene, 400, "POST", "{\"url\":\"ftp://h/\"}", "/faregate/alerts/test");
    call(scene, 400, "POST", "{\"url\":7}", "/faregate/alerts/test");
    call(scene, 202, "POST", "{\"url\":\"https://there/\"}", "/faregate/alerts/test");
    assert_string_equal(text_at(scene, "url"), "https://there/");
    scene->control.settings.alert_webhook_url = "http://h/";
    call(scene, 202, "POST", "{}", "/faregate/alerts/test");
    call(scene, 200, "GET", NULL, "/faregate/alerts?state=pending");
    assert_string_equal(text_at(scene, "item.0.url"), "http://h/");
    assert_string_equal(text_at(scene, "item.0.event.type"), "io.faregate.test");
    assert_string_equal(text_at(scene, "item.1.url"), "https://there/");
    assert_null(value_at(scene, "item.2"));
}

/* given UpdateUsage twice, expect both on record, each with what was left before and after */
static void a_change_is_on_record(void **state)
{
    scene_t *scene = *state;
    char key[16], plan[16], body[128];
    key_make(scene, NULL, key);
    plan_make(scene, "{\"name\":\"p\",\"quota\":{\"limit\":100,\"period\":\"DAY\"}}", plan);
    snprintf(body, sizeof(body), "{\"keyId\":\"%s\",\"keyType\":\"API_KEY\"}", key);
    call(scene, 201, "POST", body, "/usageplans/%s/keys", plan);
    call(scene, 200, "PATCH", REMAINING("500"), "/usageplans/%s/keys/%s/usage", plan, key);
    call(scene, 400, "PATCH", REMAINING("-5"), "/usageplans/%s/keys/%s/usage", plan, key);
    call(scene, 200, "PATCH", REMAINING("20"), "/usageplans/%s/keys/%s/usage", plan, key);
    call(scene, 200, "GET", NULL, "/faregate/audit?operation=UpdateUsage&subject=/usageplans/%s",
         plan);
    assert_string_equal(text_at(scene, "item.0.operation"), "UpdateUsage");
    snprintf(body, sizeof(body), "/usageplans/%s/keys/%s/usage", plan, key);
    assert_string_equal(text_at(scene, "item.0.subject"), body);
    assert_int_equal(strlen(text_at(scene, "item.0.requestId")), 36);
    assert_non_null(
        strstr(scene->body, "\"before\":{\"remaining\":500},\"after\":{\"remaining\":20}"));
    assert_non_null(
        strstr(scene->body, "\"before\":{\"remaining\":100},\"after\":{\"remaining\":500}"));
    assert_null(value_at(scene, "item.2"));
    call(scene, 200, "GET", NULL, "/faregate/audit?operation=UpdateUsage&limit=1&from=%lld",
         (long long)scene->now.wall.s);
    assert_non_null(value_at(scene, "item.0"));
    assert_non_null(value_at(scene, "position"));
    call(scene, 200, "GET", NULL, "/faregate/audit?from=%lld", (long long)scene->now.wall.s + 1);
    assert_null(value_at(scene, "item.0"));
    call(scene, 400, "GET", NULL, "/faregate/audit?from=yesterday");
}

/* given a key with a limit of its own on the plan, expect that to be what remained before */
static void an_override_remained(void **state)
{
    scene_t *scene = *state;
    char key[16], plan[16], body[256];
    key_make(scene, NULL, key);
    plan_make(scene, "{\"name\":\"p\",\"quota\":{\"limit\":100,\"period\":\"DAY\"}}", plan);
    snprintf(body, sizeof(body), "{\"keyId\":\"%s\",\"keyType\":\"API_KEY\"}", key);
    call(scene, 201, "POST", body, "/usageplans/%s/keys", plan);
    snprintf(body, sizeof(body),
             "{\"patchOperations\":[{\"op\":\"replace\",\"path\":\"/faregate/overrides\",\"value\":"
             "\"{\\\"%s\\\":{\\\"quota\\\":{\\\"limit\\\":40}}}\"}]}",
             plan);
    call(scene, 200, "PATCH", body, "/apikeys/%s", key);
    call(scene, 200, "PATCH", REMAINING("50"), "/usageplans/%s/keys/%s/usage", plan, key);
    call(scene, 200, "GET", NULL, "/faregate/audit?operation=UpdateUsage");
    assert_non_null(
        strstr(scene->body, "\"before\":{\"remaining\":40},\"after\":{\"remaining\":50}"));
}

#define T(test) cmocka_unit_test_setup_teardown(test, scene_setup, scene_teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(alerts_are_listed_by_state), T(the_secret_is_shown),  T(a_test_goes_somewhere),
        T(a_change_is_on_record),      T(an_override_remained),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
