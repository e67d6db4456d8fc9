/*
 * Signatures of events, and when the next attempt is due. Rules AL3, AL5.
 */
#include "words.h"

#include "model/extension.h"
#include "model/webhook.h"

#include <string.h>

/* The example of the Standard Webhooks specification, whose secret is of 24 bytes: ours are longer,
 * so its HMAC was taken anew, with Python's hmac, under the 32 bytes below. */
static void a_signature_is_the_standards(void **state)
{
    (void)state;
    uint8_t secret[FG_SECRET_BYTES];
    char signature[FG_WEBHOOK_SIGNATURE_BYTES + 1], text[FG_WEBHOOK_SECRET_TEXT_BYTES + 1];
    fg_arena_t *arena = fg_arena_new();
    for (size_t i = 0; i < sizeof(secret); i++)
        secret[i] = (uint8_t)i;
    fg_webhook_secret_text(secret, text);
    assert_string_equal(text, "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");
    assert_int_equal(fg_webhook_sign(secret, FG_STR("msg_p5jXN8AQM9LWM0D4loKWxJek"),
                                     (fg_wall_t){1614265330}, FG_STR("{\"test\": 2432232314}"),
                                     arena, signature),
                     FG_OK);
    assert_string_equal(signature, "v1,O4Gjv1HqPqsMrjmczoggs/sWA8gZD0VyHG+fLh4+ktI=");
    fg_arena_free(arena);
}

static void urls_by_table(void **state)
{
    (void)state;
    static const struct {
        const char *url;
        bool is_good;
    } rows[] = {
        {"http://hooks.example/faregate", true},
        {"https://hooks.example:8443/a?b=c", true},
        {"HTTPS://hooks.example", true},
        {"http://[::1]:80/", true},
        {"http://127.0.0.1?x", true},
        {"ftp://hooks.example/", false},
        {"file:///etc/passwd", false},
        {"http:/hooks.example", false},
        {"http://", false},
        {"http:///path", false},
        {"http://?x", false},
        {"hooks.example", false},
        {"", false},
        {"http://user:secret@hooks.example/", false}, /* it would be shown in lists */
        {"http://hooks.example/a@b", true},
        {"http://hooks.example/a b", false},
        {"http://hooks.example/\r\nX: y", false},
        {"http://h\xc3\xb6oks.example/", false},
    };
    for (size_t i = 0; i < FG_COUNT_OF(rows); i++)
        if (fg_webhook_url_is_good(fg_str(rows[i].url)) != rows[i].is_good)
            fail_msg("%s", rows[i].url);
    char url[FG_WEBHOOK_URL_BYTES_MAX + 2] = "http://h/";
    memset(url + 9, 'a', sizeof(url) - 10);
    assert_false(fg_webhook_url_is_good(fg_str_of(url, FG_WEBHOOK_URL_BYTES_MAX + 1)));
    assert_true(fg_webhook_url_is_good(fg_str_of(url, FG_WEBHOOK_URL_BYTES_MAX)));
}

/* Waits double from two seconds to four hours; each is drawn from its second half. */
static void waits_double_and_end(void **state)
{
    (void)state;
    static const struct {
        int64_t attempts, least, most;
    } rows[] = {{1, 1, 2},         {2, 2, 4},         {3, 4, 8},
                {4, 8, 16},        {10, 512, 1024},   {13, 4096, 8192},
                {14, 7200, 14400}, {15, 7200, 14400}, {1000000, 7200, 14400}};
    for (size_t i = 0; i < FG_COUNT_OF(rows); i++) {
        fg_wall_t now = {1000}, next = {0};
        bool has_least = false, has_most = false;
        for (uint64_t dice = 0; dice < 20000; dice++) {
            assert_true(
                fg_retry_next(&fg_webhook_retries, now, now, rows[i].attempts, dice, &next));
            assert_in_range(next.s - now.s, rows[i].least, rows[i].most);
            has_least = has_least || next.s - now.s == rows[i].least;
            has_most = has_most || next.s - now.s == rows[i].most;
        }
        assert_true(has_least && has_most);
    }
}

/* No attempt is due later than three days after the event; the last one is the third day's. */
static void after_three_days_it_is_given_up(void **state)
{
    (void)state;
    fg_wall_t created_at = {5000}, now = created_at, next = {0};
    int64_t attempts = 0;
    uint64_t dice = 1;
    do {
        now = next.s ? next : now;
        attempts++;
        dice = dice * 6364136223846793005u + 1442695040888963407u;
    } while (fg_retry_next(&fg_webhook_retries, created_at, now, attempts, dice >> 33, &next));
    assert_in_range(now.s - created_at.s, 3 * FG_DAY_S - 14400, 3 * FG_DAY_S);
    assert_in_range(attempts, 13 + 15, 13 + 40);
    /* a wait that ends in the very second is still made */
    fg_retry_policy_t policy = {.first_s = 1, .longest_s = 1, .give_up_s = 10};
    assert_true(fg_retry_next(&policy, (fg_wall_t){0}, (fg_wall_t){9}, 9, 0, &next));
    assert_false(fg_retry_next(&policy, (fg_wall_t){0}, (fg_wall_t){10}, 9, 0, &next));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_signature_is_the_standards),
        cmocka_unit_test(urls_by_table),
        cmocka_unit_test(waits_double_and_end),
        cmocka_unit_test(after_three_days_it_is_given_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
