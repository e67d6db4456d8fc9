#include "store/fixture.h"

#include <glob.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

static void keys_are_kept(void **state)
{
    fixture_t *f = *state;
    fg_api_key_t key = key_of(f, "aaaaaaaaaa", "first"), read;
    fg_str_t old_value = key.value;
    key.tags = FG_STR("{}");
    key.extension = FG_STR("{\"expiresAt\":1}");
    begin(f);
    ok(fg_store_key_insert(f->store, &key, &f->error));
    ok(fg_store_key_get(f->store, key.id, true, f->arena, &read, &f->error));
    assert_true(fg_str_eq(read.value, old_value) && fg_digest_eq(read.digest, key.digest));
    assert_true(fg_str_is(read.tags, "{}") && read.description.at == NULL && read.is_enabled);
    ok(fg_store_key_get(f->store, key.id, false, f->arena, &read, &f->error));
    assert_null(read.value.at);
    assert_true(fg_str_is(read.extension, "{\"expiresAt\":1}") && read.last_used_minute == 0);

    /* Rule K3: a value belongs to one key; the refusal does not cost the transaction */
    fg_api_key_t twin = key_of(f, "bbbbbbbbbb", "twin");
    twin.value = old_value;
    assert_int_equal(fg_store_key_insert(f->store, &twin, &f->error), FG_CONFLICT);
    assert_string_equal(f->error.message, "API Key already exists");

    /* Rule K6: a new value keeps the key; the log has the digest of the old one */
    uint64_t seq = last_change(f);
    fg_digest_t old = key.digest;
    key.is_enabled = false;
    key.extension = FG_STR_NONE;
    ok(fg_store_key_update(f->store, &key, FG_STR("another-value-0123456789"), &f->error));
    fg_change_t *changes;
    size_t count;
    bool is_gapless;
    ok(fg_store_changes(f->store, seq, 9, f->arena, &changes, &count, &is_gapless, &f->error));
    assert_true(count == 1 && changes[0].has_digest && fg_digest_eq(changes[0].digest, old));
    ok(fg_store_key_get(f->store, key.id, true, f->arena, &read, &f->error));
    assert_true(fg_str_is(read.value, "another-value-0123456789") && !read.is_enabled);
    assert_true(!fg_digest_eq(read.digest, old) && read.extension.at == NULL);

    /* the old value is free again, the new one is not */
    ok(fg_store_key_insert(f->store, &twin, &f->error));
    assert_int_equal(
        fg_store_key_update(f->store, &twin, FG_STR("another-value-0123456789"), &f->error),
        FG_CONFLICT);
    /* its own value again is no conflict */
    ok(fg_store_key_update(f->store, &twin, old_value, &f->error));
    commit(f);

    begin(f);
    fg_api_key_t absent = key_of(f, "cccccccccc", "absent");
    assert_int_equal(fg_store_key_update(f->store, &absent, FG_STR_NONE, &f->error), FG_NOT_FOUND);
    assert_int_equal(fg_store_key_delete(f->store, absent.id, &f->error), FG_NOT_FOUND);
    assert_int_equal(fg_store_key_get(f->store, absent.id, true, f->arena, &read, &f->error),
                     FG_NOT_FOUND);
    ok(fg_store_key_delete(f->store, key.id, &f->error));
    uint64_t left;
    ok(fg_store_key_count(f->store, &left, &f->error));
    assert_int_equal(left, 1);
    commit(f);
}

static const char *list(fixture_t *f, fg_key_query_t query, int64_t *ret_last)
{
    fg_api_key_t *keys;
    size_t count;
    fg_str_t text = FG_STR("");
    ok(fg_store_key_list(f->store, &query, f->arena, &keys, &count, &f->error));
    for (size_t i = 0; i < count; i++)
        text = fg_arena_printf(f->arena, "%.*s%s%.*s", FG_STR_ARG(text), i ? " " : "",
                               FG_STR_ARG(keys[i].id));
    if (ret_last && count)
        *ret_last = keys[count - 1].ordinal;
    return text.at;
}

/* A name that very many have is looked for along another index: the same pages come out. */
static void a_broad_name_is_listed_page_by_page(void **state)
{
    enum { MANY = 21000, PAGE = 4000 };
    fixture_t *f = *state;
    fg_key_put_t *puts = calloc(MANY, sizeof(*puts));
    char *texts = calloc(MANY, 64);
    for (size_t i = 0; i < MANY; i++) {
        int length = snprintf(texts + 64 * i, 32, "%s-%zu", i % 100 == 7 ? "other" : "broad", i);
        (void)snprintf(texts + 64 * i + 32, 32, "value-of-many-%010zu", i);
        puts[i].key.name = fg_str_of(texts + 64 * i, (size_t)length);
        puts[i].key.value = fg_str(texts + 64 * i + 32);
    }
    begin(f);
    ok(fg_store_keys_put(f->store, puts, MANY, f->arena, &f->error));
    commit(f);
    fg_key_query_t query = {.name_prefix = FG_STR("broad"), .limit = PAGE};
    size_t count = PAGE, seen = 0;
    while (count == PAGE) {
        fg_api_key_t *keys;
        ok(fg_store_key_list(f->store, &query, f->arena, &keys, &count, &f->error));
        for (size_t i = 0; i < count; i++) {
            assert_true(fg_str_starts_with(keys[i].name, FG_STR("broad-")));
            assert_true(query.before == 0 || keys[i].ordinal < query.before);
            query.before = keys[i].ordinal;
        }
        seen += count;
    }
    assert_int_equal(seen, MANY - MANY / 100);
    free(puts);
    free(texts);
}

static void keys_are_listed(void **state)
{
    fixture_t *f = *state;
    static const char *const names[] = {"app-1", "App-2", "app_3", "b", "app-4", "ap\xc3\xa9"};
    begin(f);
    for (size_t i = 0; i < FG_COUNT_OF(names); i++) {
        char id[2] = {(char)('a' + i), 0};
        ok(put_key(f, id, names[i]));
    }
    ok(put_plan(f, "plan00", NULL, 0));
    ok(fg_store_pair_insert(f->store, FG_STR("plan00"), FG_STR("e"), &f->error));
    ok(fg_store_pair_insert(f->store, FG_STR("plan00"), FG_STR("a"), &f->error));
    commit(f);
    assert_string_equal(list(f, (fg_key_query_t){.limit = 10}, NULL), "f e d c b a");
    assert_string_equal(list(f, (fg_key_query_t){.is_ascending = true}, NULL), "a b c d e f");
    assert_string_equal(list(f, (fg_key_query_t){.name_prefix = FG_STR("app")}, NULL), "e c a");
    assert_string_equal(list(f, (fg_key_query_t){.name_prefix = FG_STR("App")}, NULL), "b");
    assert_string_equal(list(f, (fg_key_query_t){.name_prefix = FG_STR("ap\xc3")}, NULL), "f");
    assert_string_equal(
        list(f, (fg_key_query_t){.name_prefix = FG_STR("app"), .is_ascending = true, .limit = 2},
             NULL),
        "a c");
    assert_string_equal(list(f, (fg_key_query_t){.name_prefix = FG_STR("%")}, NULL), "");
    assert_string_equal(
        list(f, (fg_key_query_t){.plan_id = FG_STR("plan00"), .is_ascending = true}, NULL), "e a");
    assert_string_equal(
        list(f, (fg_key_query_t){.plan_id = FG_STR("plan00"), .name_prefix = FG_STR("app-1")},
             NULL),
        "a");
    assert_string_equal(list(f, (fg_key_query_t){.customer_id = FG_STR("nobody")}, NULL), "");
}

static void pages_stay_steady_while_keys_come_and_go(void **state)
{
    fixture_t *f = *state;
    begin(f);
    ok(put_key(f, "a", "n"));
    ok(put_key(f, "b", "n"));
    ok(put_key(f, "c", "n"));
    ok(put_key(f, "d", "n"));
    commit(f);
    int64_t last = 0;
    assert_string_equal(list(f, (fg_key_query_t){.limit = 2}, &last), "d c");
    begin(f);
    ok(put_key(f, "e", "n"));
    ok(fg_store_key_delete(f->store, FG_STR("c"), &f->error));
    commit(f);
    assert_string_equal(list(f, (fg_key_query_t){.limit = 2, .before = last}, &last), "b a");
    assert_string_equal(list(f, (fg_key_query_t){.limit = 2, .before = last}, NULL), "");
}

static void plans_are_kept(void **state)
{
    fixture_t *f = *state;
    fg_api_stage_t stages[] = {{FG_STR("api1"), FG_STR("prod"), FG_STR("{\"/a/GET\":{}}")},
                               {FG_STR("api2"), FG_STR("test"), FG_STR_NONE}};
    fg_usage_plan_t plan = {.id = FG_STR("plan01"),
                            .name = FG_STR("Free"),
                            .has_throttle = true,
                            .rate_limit = 0.5,
                            .burst_limit = 3,
                            .has_quota = true,
                            .quota_limit = 7,
                            .quota_offset = 2,
                            .quota_period = FG_PERIOD_WEEK,
                            .extension = FG_STR("{\"quotaScope\":\"CUSTOMER\"}"),
                            .stages = stages,
                            .stage_count = 2},
                    read;
    begin(f);
    ok(fg_store_plan_insert(f->store, &plan, &f->error));
    ok(put_plan(f, "plan02", stages + 1, 1));
    ok(fg_store_plan_get(f->store, plan.id, f->arena, &read, &f->error));
    assert_true(read.rate_limit == 0.5 && read.burst_limit == 3 && read.quota_limit == 7 &&
                read.quota_offset == 2);
    assert_true(read.quota_period == FG_PERIOD_WEEK && read.stage_count == 2 &&
                read.ordinal == plan.ordinal);
    assert_true(fg_str_eq(read.extension, plan.extension));
    assert_true(fg_str_is(read.stages[0].stage_name, "prod") && read.stages[1].throttle.at == NULL);
    plan.has_quota = false;
    plan.extension = FG_STR_NONE;
    plan.stage_count = 1;
    ok(fg_store_plan_update(f->store, &plan, &f->error));
    ok(fg_store_plan_get(f->store, plan.id, f->arena, &read, &f->error));
    assert_true(!read.has_quota && read.has_throttle && read.stage_count == 1);
    assert_null(read.extension.at);
    fg_usage_plan_t *plans;
    size_t count;
    fg_plan_query_t query = {.api_id = FG_STR("api2")};
    ok(fg_store_plan_list(f->store, &query, f->arena, &plans, &count, &f->error));
    assert_true(count == 1 && fg_str_is(plans[0].id, "plan02"));
    query.stage_name = FG_STR("prod");
    ok(fg_store_plan_list(f->store, &query, f->arena, &plans, &count, &f->error));
    assert_int_equal(count, 0);
    query = (fg_plan_query_t){.limit = 1};
    ok(fg_store_plan_list(f->store, &query, f->arena, &plans, &count, &f->error));
    assert_true(count == 1 && fg_str_is(plans[0].id, "plan02"));
    query.before = plans[0].ordinal;
    ok(fg_store_plan_list(f->store, &query, f->arena, &plans, &count, &f->error));
    assert_true(count == 1 && fg_str_is(plans[0].id, "plan01"));
    plan.id = FG_STR("absent");
    assert_int_equal(fg_store_plan_update(f->store, &plan, &f->error), FG_NOT_FOUND);
    assert_int_equal(fg_store_plan_delete(f->store, plan.id, &f->error), FG_NOT_FOUND);
    commit(f);
}

static void pairs_are_kept(void **state)
{
    fixture_t *f = *state;
    fg_str_t p1 = FG_STR("plan01"), p2 = FG_STR("plan02"), k = FG_STR("key0000001"),
             api = FG_STR("api1"), prod = FG_STR("prod"), other;
    fg_api_stage_t stage = {api, prod, FG_STR_NONE};
    begin(f);
    ok(put_key(f, "key0000001", "k"));
    ok(put_plan(f, "plan01", &stage, 1));
    ok(put_plan(f, "plan02", NULL, 0));
    assert_int_equal(fg_store_pair_insert(f->store, FG_STR("absent"), k, &f->error), FG_NOT_FOUND);
    assert_int_equal(fg_store_pair_insert(f->store, p1, FG_STR("absent"), &f->error), FG_NOT_FOUND);
    uint64_t seq = last_change(f);
    ok(fg_store_pair_insert(f->store, p1, k, &f->error));
    assert_int_equal(fg_store_pair_insert(f->store, p1, k, &f->error), FG_CONFLICT);
    /* Rule P5: another plan with the stage would be the key's second */
    ok(fg_store_pair_clash(f->store, p2, k, api, prod, f->arena, &other, &f->error));
    assert_true(fg_str_eq(other, p1));
    assert_int_equal(fg_store_pair_clash(f->store, p1, k, api, prod, f->arena, &other, &f->error),
                     FG_NOT_FOUND);
    assert_int_equal(
        fg_store_pair_clash(f->store, p2, FG_STR_NONE, api, prod, f->arena, &other, &f->error),
        FG_NOT_FOUND);
    ok(fg_store_pair_insert(f->store, p2, k, &f->error));
    ok(fg_store_pair_clash(f->store, p2, FG_STR_NONE, api, prod, f->arena, &other, &f->error));
    assert_true(fg_str_eq(other, p1));
    ok(fg_store_pair_delete(f->store, p2, k, &f->error));
    assert_int_equal(fg_store_pair_delete(f->store, p2, k, &f->error), FG_NOT_FOUND);
    assert_string_equal(changes_after(f, seq), "K:key0000001/ K:key0000001/ K:key0000001/");

    /* usage and ledger outlive the pair */
    fg_ledger_row_t ledger = {k, p1, UINT64_MAX, 5, 0}, read;
    ok(fg_store_ledger_put(f->store, &ledger, &f->error));
    seq = last_change(f);
    ok(fg_store_plan_delete(f->store, p1, &f->error));
    assert_string_equal(changes_after(f, seq), "P:plan01/ K:key0000001/");
    seq = last_change(f);
    ok(fg_store_pair_insert(f->store, p2, k, &f->error));
    ok(fg_store_key_delete(f->store, k, &f->error));
    assert_string_equal(changes_after(f, seq), "K:key0000001/ K:key0000001/*");
    bool has;
    ok(fg_store_pair_has(f->store, p2, k, &has, &f->error));
    assert_false(has);
    ok(fg_store_ledger_get(f->store, k, p1, &read, &f->error));
    assert_true(read.quota_word == UINT64_MAX && read.extension_word == 5);
    ok(fg_store_ledger_get(f->store, k, p2, &read, &f->error));
    assert_true(read.quota_word == 0 && read.extension_word == 0);
    commit(f);
}

static void usage_is_listed_by_whole_keys(void **state)
{
    fixture_t *f = *state;
    fg_str_t plan = FG_STR("plan01");
    begin(f);
    for (int round = 0; round < 2; round++) { /* storing again changes nothing */
        for (uint32_t day = 10; day < 13; day++) {
            fg_usage_row_t a = {FG_STR("a"), plan, day, day * 2, true, 100 - day},
                           b = {FG_STR("b"), plan, day, 1, false, 0};
            ok(fg_store_usage_put(f->store, &a, &f->error));
            ok(fg_store_usage_put(f->store, &b, &f->error));
        }
    }
    commit(f);
    fg_usage_row_t *rows;
    size_t count;
    ok(fg_store_usage_list(f->store, plan, FG_STR_NONE, FG_STR_NONE, 1, 11, 12, f->arena, &rows,
                           &count, &f->error));
    assert_true(count == 2 && rows[0].day == 11 && rows[0].used == 22 && rows[1].remaining == 88);
    ok(fg_store_usage_list(f->store, plan, FG_STR_NONE, FG_STR("a"), 9, 0, 99, f->arena, &rows,
                           &count, &f->error));
    assert_true(count == 3 && fg_str_is(rows[0].key_id, "b") && !rows[0].has_remaining);
    ok(fg_store_usage_list(f->store, plan, FG_STR("a"), FG_STR_NONE, 1, 12, 12, f->arena, &rows,
                           &count, &f->error));
    assert_true(count == 1 && rows[0].used == 24);
    ok(fg_store_usage_list(f->store, plan, FG_STR("z"), FG_STR_NONE, 1, 0, 99, f->arena, &rows,
                           &count, &f->error));
    assert_int_equal(count, 0);
}

static void an_api_goes_with_its_documents_and_stages(void **state)
{
    fixture_t *f = *state;
    fg_api_stage_t stages[] = {{FG_STR("api1"), FG_STR("prod"), FG_STR_NONE},
                               {FG_STR("api1"), FG_STR("test"), FG_STR_NONE},
                               {FG_STR("api2"), FG_STR("prod"), FG_STR_NONE}};
    fg_document_t document, *documents;
    size_t count;
    begin(f);
    ok(put_document(f, FG_DOCUMENT_REST_API, "", "api1"));
    ok(put_document(f, FG_DOCUMENT_REST_API, "", "api2"));
    ok(put_document(f, FG_DOCUMENT_STAGE, "api1", "prod"));
    ok(put_document(f, FG_DOCUMENT_STAGE, "api1", "test"));
    ok(put_document(f, FG_DOCUMENT_RESOURCE, "api1", "root"));
    ok(put_document(f, FG_DOCUMENT_RESOURCE, "api2", "root"));
    ok(put_plan(f, "plan01", stages, 3));
    uint64_t seq = last_change(f);
    ok(put_document(f, FG_DOCUMENT_REST_API, "", "api1")); /* replaced: keeps its place */
    fg_document_query_t query = {.kind = FG_DOCUMENT_REST_API, .limit = 1};
    ok(fg_store_document_list(f->store, &query, f->arena, &documents, &count, &f->error));
    assert_true(count == 1 && fg_str_is(documents[0].id, "api1"));
    query.after = documents[0].ordinal;
    ok(fg_store_document_list(f->store, &query, f->arena, &documents, &count, &f->error));
    assert_true(count == 1 && fg_str_is(documents[0].id, "api2"));
    ok(fg_store_document_delete(f->store, FG_DOCUMENT_STAGE, FG_STR("api1"), FG_STR("test"),
                                &f->error));
    ok(fg_store_api_delete(f->store, FG_STR("api1"), &f->error));
    assert_string_equal(changes_after(f, seq),
                        "A:api1/ P:plan01/ S:test/api1 A:api1/ P:plan01/ S:prod/api1");
    fg_usage_plan_t plan;
    ok(fg_store_plan_get(f->store, FG_STR("plan01"), f->arena, &plan, &f->error));
    assert_true(plan.stage_count == 1 && fg_str_is(plan.stages[0].api_id, "api2"));
    assert_int_equal(fg_store_document_get(f->store, FG_DOCUMENT_RESOURCE, FG_STR("api1"),
                                           FG_STR("root"), f->arena, &document, &f->error),
                     FG_NOT_FOUND);
    ok(fg_store_document_get(f->store, FG_DOCUMENT_RESOURCE, FG_STR("api2"), FG_STR("root"),
                             f->arena, &document, &f->error));
    assert_string_equal(document.json.at, "{\"a\":1}");
    query = (fg_document_query_t){
        .kind = FG_DOCUMENT_RESOURCE, .api_id = FG_STR("api2"), .parent_id = FG_STR("x")};
    ok(fg_store_document_list(f->store, &query, f->arena, &documents, &count, &f->error));
    assert_int_equal(count, 0);
    assert_int_equal(fg_store_api_delete(f->store, FG_STR("api1"), &f->error), FG_NOT_FOUND);
    assert_int_equal(fg_store_document_delete(f->store, FG_DOCUMENT_MODEL, FG_STR("api2"),
                                              FG_STR("m"), &f->error),
                     FG_NOT_FOUND);
    commit(f);
}

static void documents_are_found_by_the_id_they_mention(void **state)
{
    static const char *const texts[] = {
        "{\"a\":{\"linkId\":\"abc123\"}}", "{\"linkId\":\"abc1234\"}",
        "{\"d\":\"\\\"linkId\\\":\\\"abc123\\\"\"}", "{\"otherId\":\"abc123\"}"};
    fixture_t *f = *state;
    fg_document_t *documents;
    size_t count;
    uint64_t total;
    begin(f);
    for (size_t i = 0; i < FG_COUNT_OF(texts); i++) {
        char id[] = {(char)('a' + i), '\0'};
        fg_document_t stage = {FG_DOCUMENT_STAGE, i % 2 ? FG_STR("api1") : FG_STR("api2"),
                               fg_str(id),        FG_STR("d"),
                               fg_str(texts[i]),  0};
        ok(fg_store_document_put(f->store, &stage, &f->error));
    }
    commit(f);
    ok(fg_store_document_mentions(f->store, FG_DOCUMENT_STAGE, "linkId", FG_STR("abc123"), f->arena,
                                  &documents, &count, &f->error));
    assert_true(count == 1 && fg_str_is(documents[0].id, "a") &&
                fg_str_is(documents[0].api_id, "api2"));
    ok(fg_store_document_mentions(f->store, FG_DOCUMENT_RESOURCE, "linkId", FG_STR("abc123"),
                                  f->arena, &documents, &count, &f->error));
    assert_int_equal(count, 0);
    ok(fg_store_document_count(f->store, FG_DOCUMENT_STAGE, FG_STR("api2"), &total, &f->error));
    assert_int_equal(total, 2);
}

/* Rule CC3 */
static void private_keys_are_sealed_and_go_with_their_document(void **state)
{
    static char long_key[FG_PRIVATE_KEY_BYTES_MAX + 1];
    fixture_t *f = *state;
    fg_document_kind_t kind = FG_DOCUMENT_DOMAIN_NAME;
    fg_str_t id = FG_STR("api.example.com"), pem = FG_STR("a private key"), read;
    memset(long_key, 'k', sizeof(long_key));
    begin(f);
    ok(put_document(f, kind, "", id.at));
    ok(fg_store_private_key_put(f->store, kind, id, FG_STR("another"), &f->error));
    ok(fg_store_private_key_put(f->store, kind, id, pem, &f->error));
    ok(fg_store_private_key_put(f->store, FG_DOCUMENT_CLIENT_CERTIFICATE, FG_STR("c"),
                                fg_str_of(long_key, FG_PRIVATE_KEY_BYTES_MAX), &f->error));
    assert_int_equal(fg_store_private_key_put(f->store, kind, FG_STR("x"),
                                              fg_str_of(long_key, sizeof(long_key)), &f->error),
                     FG_TOO_LARGE);
    commit(f);
    ok(fg_store_private_key_get(f->store, kind, id, f->arena, &read, &f->error));
    assert_true(fg_str_eq(read, pem));
    /* the seal is the document's own */
    ok(fg_db_exec(fg_store_db(f->store),
                  "UPDATE private_keys SET kind = 99 WHERE id = 'api.example.com'", &f->error));
    assert_int_equal(
        fg_store_private_key_get(f->store, (fg_document_kind_t)99, id, f->arena, &read, &f->error),
        FG_CORRUPT);
    ok(fg_db_exec(fg_store_db(f->store), "UPDATE private_keys SET kind = 10 WHERE kind = 99",
                  &f->error));
    begin(f);
    ok(fg_store_document_delete(f->store, kind, FG_STR(""), id, &f->error));
    commit(f);
    assert_int_equal(fg_store_private_key_get(f->store, kind, id, f->arena, &read, &f->error),
                     FG_NOT_FOUND);
}

static void the_log_says_when_it_no_longer_reaches_back(void **state)
{
    fixture_t *f = *state;
    fg_change_t *changes;
    size_t count;
    bool is_gapless;
    fg_str_t text;
    assert_int_equal(fg_store_setting_get(f->store, FG_STR("x"), f->arena, &text, &f->error),
                     FG_NOT_FOUND);
    for (int i = 0; i < 5; i++) {
        begin(f);
        ok(fg_store_setting_set(f->store, FG_STR("x"), FG_STR("1"), &f->error));
        commit(f);
    }
    ok(fg_store_setting_get(f->store, FG_STR("x"), f->arena, &text, &f->error));
    assert_true(fg_str_is(text, "1"));
    begin(f);
    ok(fg_store_changes_trim(f->store, 4, 3, &f->error)); /* keeps 3, 4, 5 */
    commit(f);
    static const struct {
        uint64_t seq;
        size_t count;
        bool is_gapless;
    } rows[] = {{0, 3, false}, {1, 3, false}, {2, 3, true},
                {4, 1, true},  {5, 0, true},  {6, 0, false}};
    for (size_t i = 0; i < FG_COUNT_OF(rows); i++) {
        ok(fg_store_changes(f->store, rows[i].seq, 10, f->arena, &changes, &count, &is_gapless,
                            &f->error));
        assert_int_equal(count, rows[i].count);
        assert_int_equal(is_gapless, rows[i].is_gapless);
    }
}

static void everything_is_there_after_reopening_and_no_value_is_in_clear(void **state)
{
    fixture_t *f = *state;
    assert_true(fg_store_is_new(f->store));
    fg_credential_t credential = {FG_STR("AKIAEXAMPLE"),
                                  FG_STR("secret-access-key-012345"),
                                  FG_STR("admin"),
                                  FG_STR("n"),
                                  {7}},
                    read;
    begin(f);
    ok(put_key(f, "aaaaaaaaaa", "n"));
    ok(fg_store_credential_put(f->store, &credential, &f->error));
    commit(f);
    char uuid[40], pattern[128];
    (void)snprintf(uuid, sizeof(uuid), "%s", fg_store_uuid(f->store));
    for (int closed = 0; closed < 2; closed++) { /* with the log beside it, and folded in */
        glob_t files;
        fixture_path(f, "faregate.db*", pattern);
        assert_int_equal(glob(pattern, 0, NULL, &files), 0);
        for (size_t i = 0; i < files.gl_pathc; i++) {
            struct stat file;
            assert_int_equal(stat(files.gl_pathv[i], &file), 0);
            assert_int_equal(file.st_mode & 0777, 0600);
            FILE *stream = fopen(files.gl_pathv[i], "rb");
            char *bytes = malloc((size_t)file.st_size + 1);
            size_t count = fread(bytes, 1, (size_t)file.st_size, stream);
            assert_null(memmem(bytes, count, "value-of-", 9));
            assert_null(memmem(bytes, count, "secret-access", 13));
            free(bytes);
            (void)fclose(stream);
        }
        globfree(&files);
        if (!closed)
            fixture_close(f);
    }
    ok(fixture_open(f));
    assert_false(fg_store_is_new(f->store));
    assert_string_equal(fg_store_uuid(f->store), uuid);
    fg_api_key_t key;
    ok(fg_store_key_get(f->store, FG_STR("aaaaaaaaaa"), true, f->arena, &key, &f->error));
    assert_string_equal(key.value.at, "value-of-aaaaaaaaaa-0123456789");
    ok(fg_store_credential_get(f->store, credential.access_key_id, f->arena, &read, &f->error));
    assert_true(fg_str_eq(read.secret_access_key, credential.secret_access_key));
    assert_int_equal(fg_store_credential_get(f->store, FG_STR("x"), f->arena, &read, &f->error),
                     FG_NOT_FOUND);
}

static void write_secret(fixture_t *f, size_t count, mode_t mode)
{
    char path[128];
    fixture_path(f, "secret.key", path);
    (void)unlink(path);
    FILE *stream = fopen(path, "wb");
    for (size_t i = 0; i < count; i++)
        (void)fputc('x', stream);
    (void)fclose(stream);
    (void)chmod(path, mode);
}

static void a_wrong_secret_is_refused(void **state)
{
    fixture_t *f = *state;
    static const struct {
        size_t count;
        mode_t mode;
        fg_status_t status;
        const char *text;
    } rows[] = {
        {64, 0600, FG_CORRUPT, "does not belong"},
        {63, 0600, FG_CORRUPT, "63 bytes"},
        {64, 0640, FG_DENIED, "0600"},
    };
    fixture_close(f);
    for (size_t i = 0; i < FG_COUNT_OF(rows); i++) {
        write_secret(f, rows[i].count, rows[i].mode);
        assert_int_equal(fixture_open(f), rows[i].status);
        assert_non_null(strstr(f->error.message, rows[i].text));
    }
    char path[128];
    fixture_path(f, "secret.key", path);
    (void)unlink(path);
    assert_int_equal(fixture_open(f), FG_CORRUPT); /* never made anew beside a database */
    assert_non_null(strstr(f->error.message, "missing"));
    assert_int_not_equal(access(path, F_OK), 0);
}

static void schemas_move_forward_only(void **state)
{
    fixture_t *f = *state;
    begin(f);
    fg_api_key_t customers_key = key_of(f, "aaaaaaaaaa", "n");
    customers_key.customer_id = FG_STR("acme");
    ok(fg_store_key_insert(f->store, &customers_key, &f->error));
    /* back to what version 1 was: nothing of the later steps is there */
    ok(fg_db_exec(fg_store_db(f->store),
                  "DROP INDEX api_keys_by_customer; DROP TABLE key_values; DROP TABLE customers;"
                  "DROP TABLE usage_minutes; DROP TABLE refusal_minutes; DROP TABLE audit;"
                  "DROP TABLE alerts; DROP TABLE outbox; DROP TABLE exports;"
                  "DROP TABLE client_tokens; DROP TABLE imports; DROP TABLE private_keys;"
                  "ALTER TABLE credentials DROP COLUMN role;"
                  "ALTER TABLE credentials DROP COLUMN name;"
                  "ALTER TABLE credentials DROP COLUMN created_at;"
                  "ALTER TABLE ledger DROP COLUMN granted_word;"
                  "ALTER TABLE ledger DROP COLUMN left_ordinal;"
                  "ALTER TABLE api_keys DROP COLUMN extension;"
                  "ALTER TABLE api_keys DROP COLUMN last_used_minute;"
                  "ALTER TABLE usage_plans DROP COLUMN extension;"
                  "DELETE FROM counters WHERE name IN ('customer', 'audit', 'outbox', 'export');"
                  "UPDATE schema_version SET version = 1",
                  &f->error));
    commit(f);
    fixture_close(f);
    ok(fixture_open(f));
    begin(f);
    ok(fg_db_exec(fg_store_db(f->store), "DROP INDEX api_keys_by_customer",
                  &f->error)); /* it is back */
    fg_store_rollback(f->store);
    fg_api_key_t key;
    ok(fg_store_key_get(f->store, FG_STR("aaaaaaaaaa"), true, f->arena, &key, &f->error));
    uint64_t number; /* customers that were there have one, and the next gets another */
    ok(fg_store_customer_number(f->store, FG_STR("acme"), &number, &f->error));
    assert_int_equal(number, 1);
    begin(f);
    key.customer_id = FG_STR("other");
    ok(fg_store_key_update(f->store, &key, FG_STR_NONE, &f->error));
    ok(fg_store_customer_number(f->store, FG_STR("other"), &number, &f->error));
    assert_int_equal(number, 2);
    commit(f);
    ok(fg_db_exec(fg_store_db(f->store), "UPDATE schema_version SET version = 99", &f->error));
    fixture_close(f);
    assert_int_equal(fixture_open(f), FG_NEWER);
    assert_non_null(strstr(f->error.message, "99"));
}

/* One transaction over every table. */
static fg_status_t scenario(fixture_t *f)
{
    fg_api_stage_t stage = {FG_STR("api1"), FG_STR("prod"), FG_STR_NONE};
    fg_usage_row_t usage = {FG_STR("aaaaaaaaaa"), FG_STR("plan01"), 1, 1, false, 0};
    fg_ledger_row_t ledger = {FG_STR("aaaaaaaaaa"), FG_STR("plan01"), 1, 1, 1};
    fg_credential_t credential = {FG_STR("AKIA"), FG_STR("s"), FG_STR("admin"), FG_STR(""), {0}};
    fg_api_key_t key = key_of(f, "aaaaaaaaaa", "n");
    uint64_t expired;
    key.customer_id = FG_STR("acme");
    fg_status_t status = fg_store_begin(f->store, &f->error);
#define STEP(call)                                                                                 \
    if (status == FG_OK)                                                                           \
    status = (call)
    STEP(fg_store_key_insert(f->store, &key, &f->error));
    STEP(fg_store_key_value_keep(f->store, key.id, (fg_wall_t){100}, (fg_wall_t){900}, &f->error));
    STEP(fg_store_key_update(f->store, &key, FG_STR("another-value-0123456789"), &f->error));
    STEP(fg_store_value_used(f->store, &key.digest, 1, &f->error));
    STEP(fg_store_key_values_expire(f->store, (fg_wall_t){900}, &expired, &f->error));
    STEP(put_document(f, FG_DOCUMENT_REST_API, "", "api1"));
    STEP(put_document(f, FG_DOCUMENT_STAGE, "api1", "prod"));
    STEP(put_plan(f, "plan01", &stage, 1));
    STEP(fg_store_pair_insert(f->store, FG_STR("plan01"), key.id, &f->error));
    STEP(fg_store_usage_put(f->store, &usage, &f->error));
    STEP(fg_store_ledger_put(f->store, &ledger, &f->error));
    STEP(fg_store_credential_put(f->store, &credential, &f->error));
    STEP(fg_store_setting_set(f->store, FG_STR("x"), FG_STR("1"), &f->error));
    STEP(fg_store_api_delete(f->store, FG_STR("api1"), &f->error));
    STEP(fg_store_plan_delete(f->store, FG_STR("plan01"), &f->error));
    STEP(fg_store_commit(f->store, &f->error));
#undef STEP
    return status;
}

static bool is_untouched(fixture_t *f)
{
    uint64_t keys;
    fg_str_t text;
    ok(fg_store_key_count(f->store, &keys, &f->error));
    return keys == 0 && last_change(f) == 0 &&
           fg_store_setting_get(f->store, FG_STR("x"), f->arena, &text, &f->error) == FG_NOT_FOUND;
}

static void the_nth_failing_call_leaves_nothing_behind(void **state)
{
    fixture_t *f = *state;
    int64_t n = 0;
    for (;; n++) {
        fg_db_fail_after(fg_store_db(f->store), n);
        fg_status_t status = scenario(f);
        fg_db_fail_after(fg_store_db(f->store), -1);
        if (status == FG_OK)
            break;
        assert_int_equal(status, FG_IO);
        fg_store_rollback(f->store);
        assert_true(is_untouched(f));
    }
    assert_true(n > 50);
    assert_false(is_untouched(f));
}

static void a_failure_that_was_overlooked_is_not_committed(void **state)
{
    fixture_t *f = *state;
    begin(f);
    ok(put_key(f, "aaaaaaaaaa", "n"));
    fg_db_fail_after(fg_store_db(f->store), 0);
    assert_int_equal(put_key(f, "bbbbbbbbbb", "n"), FG_IO);
    fg_db_fail_after(fg_store_db(f->store), -1);
    assert_int_equal(fg_store_commit(f->store, &f->error), FG_IO);
    assert_true(is_untouched(f));
}

static fg_status_t fill(fixture_t *f, int count)
{
    fg_status_t status = fg_store_begin(f->store, &f->error);
    for (int i = 0; status == FG_OK && i < count; i++) {
        char id[16];
        (void)snprintf(id, sizeof(id), "k%09d", i);
        status = put_key(f, id, "a name of some length, so that pages fill");
    }
    if (status == FG_OK)
        return fg_store_commit(f->store, &f->error);
    fg_store_rollback(f->store);
    return status;
}

static void a_full_disk_is_a_status(void **state)
{
    fixture_t *f = *state;
    ok(fg_db_limit_pages(fg_store_db(f->store), 4, &f->error));
    assert_int_equal(fill(f, 2000), FG_DISK_FULL);
    assert_true(is_untouched(f));
    ok(fg_db_limit_pages(fg_store_db(f->store), 100000, &f->error));
    ok(fill(f, 2000)); /* room again: it goes on */
}

static void a_file_size_limit_is_a_full_disk(void **state)
{
    fixture_t *f = *state;
    struct rlimit old, limit;
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    limit = old;
    limit.rlim_cur = 400000;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    fg_status_t status = fill(f, 5000);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_int_equal(status, FG_DISK_FULL);
    assert_true(is_untouched(f));
    ok(fill(f, 100));
}

static void a_second_writer_is_told_to_wait_and_a_read_only_store_says_so(void **state)
{
    fixture_t *f = *state;
    ok(fg_db_exec(fg_store_db(f->store), "PRAGMA query_only = ON", &f->error));
    assert_int_equal(fill(f, 1), FG_READ_ONLY);
    ok(fg_db_exec(fg_store_db(f->store), "PRAGMA query_only = OFF", &f->error));
    fixture_t other = *f;
    ok(fixture_open(&other));
    ok(fg_db_exec(fg_store_db(other.store), "PRAGMA busy_timeout = 1", &f->error));
    begin(f);
    assert_int_equal(fg_store_begin(other.store, &f->error), FG_BUSY);
    fg_store_rollback(f->store);
    fixture_close(&other);
}

static void no_database_is_corrupt(void **state)
{
    fixture_t *f = *state;
    char path[128];
    fixture_close(f);
    fixture_path(f, "faregate.db", path);
    FILE *stream = fopen(path, "wb");
    for (int i = 0; i < 4096; i++)
        (void)fputc('x', stream);
    (void)fclose(stream);
    assert_int_equal(fixture_open(f), FG_CORRUPT);
}

/* Killed after n statements, for every n: all of the transaction or nothing. */
static void a_kill_leaves_all_or_nothing(void **state)
{
    fixture_t *f = *state;
    bool was_whole = false;
    fixture_close(f);
    for (int keys = 0; keys < 40 && !was_whole; keys++) {
        pid_t child = fork();
        if (child == 0) {
            if (fixture_open(f) != FG_OK || fg_store_begin(f->store, &f->error) != FG_OK)
                _exit(1);
            ok(fg_db_exec(fg_store_db(f->store), "PRAGMA cache_size = 5",
                          &f->error)); /* spill early */
            for (int i = 0; i < 40 && i <= keys * 2; i++) {
                char id[16];
                (void)snprintf(id, sizeof(id), "k%09d", i);
                if (put_key(f, id, "n") != FG_OK)
                    _exit(2);
            }
            if (keys >= 20 && fg_store_commit(f->store, &f->error) != FG_OK)
                _exit(3);
            (void)kill(getpid(), SIGKILL);
        }
        int how;
        assert_int_equal(waitpid(child, &how, 0), child);
        assert_true(WIFSIGNALED(how) && WTERMSIG(how) == SIGKILL);
        ok(fixture_open(f));
        uint64_t count;
        ok(fg_store_key_count(f->store, &count, &f->error));
        assert_int_equal(count, keys >= 20 ? 40 : 0);
        assert_int_equal(last_change(f), count);
        was_whole = count > 0;
        fixture_close(f);
    }
    assert_true(was_whole);
}

static void lack_of_memory_is_a_status(void **state)
{
    fixture_t *f = *state;
    ok(fill(f, 40));
    fg_arena_t *arena = fg_arena_new();
    fg_api_key_t *keys;
    size_t count = 0;
    fg_key_query_t query = {.name_prefix = FG_STR("a"), .with_value = true};
    int64_t n = 0;
    for (;; n++) {
        fg_arena_fail_after(arena, n);
        fg_status_t status = fg_store_key_list(f->store, &query, arena, &keys, &count, &f->error);
        if (status == FG_OK)
            break;
        assert_int_equal(status, FG_NO_MEMORY);
        fg_arena_reset(arena);
    }
    assert_true(n > 40 && count == 40);
    fg_arena_free(arena);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(keys_are_kept),
        TEST(keys_are_listed),
        TEST(a_broad_name_is_listed_page_by_page),
        TEST(pages_stay_steady_while_keys_come_and_go),
        TEST(plans_are_kept),
        TEST(pairs_are_kept),
        TEST(usage_is_listed_by_whole_keys),
        TEST(an_api_goes_with_its_documents_and_stages),
        TEST(documents_are_found_by_the_id_they_mention),
        TEST(private_keys_are_sealed_and_go_with_their_document),
        TEST(the_log_says_when_it_no_longer_reaches_back),
        TEST(everything_is_there_after_reopening_and_no_value_is_in_clear),
        TEST(a_wrong_secret_is_refused),
        TEST(schemas_move_forward_only),
        TEST(the_nth_failing_call_leaves_nothing_behind),
        TEST(a_failure_that_was_overlooked_is_not_committed),
        TEST(a_full_disk_is_a_status),
        TEST(a_file_size_limit_is_a_full_disk),
        TEST(a_second_writer_is_told_to_wait_and_a_read_only_store_says_so),
        TEST(no_database_is_corrupt),
        TEST(a_kill_leaves_all_or_nothing),
        TEST(lack_of_memory_is_a_status),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
