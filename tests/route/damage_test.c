/*
 * A snapshot that was damaged, cut or forged is refused or harmless; a build that runs out of
 * memory or disk says so and leaves what was there.
 */
#include "route/full_source.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* A copy of its own, exactly as large: a sanitizer sees a read past the end. */
static fg_str_t image_copy(fg_arena_t *arena)
{
    full_source_t full;
    fg_str_t image;
    fg_error_t error = {0};
    assert_int_equal(fg_route_image_make(full_source_init(&full), arena, &image, &error), FG_OK);
    char *bytes = malloc(image.len);
    assert_non_null(bytes);
    memcpy(bytes, image.at, image.len);
    return fg_str_of(bytes, image.len);
}

static void reseal(char *image, size_t bytes)
{
    uint64_t checksum = fg_route_checksum(image, bytes);
    memcpy(image + offsetof(fg_route_header_t, checksum), &checksum, sizeof(checksum));
}

static void test_a_whole_one_opens_and_reads_back(void **state)
{
    (void)state;
    full_source_t full;
    fg_arena_t *arena = fg_arena_new();
    fg_route_t *route = route_of(full_source_init(&full), arena);
    fg_route_entry_t entry = fg_route_entry(route, 1);
    socklen_t bytes;
    ASSERT_STR(fg_route_api_id(route), "api1");
    ASSERT_STR(fg_route_stage_name(route), "prod");
    ASSERT_STR(fg_route_deployment_id(route), "dep1");
    ASSERT_STR(fg_route_region(route), "us-east-1");
    ASSERT_STR(fg_route_account_id(route), "000000000000");
    ASSERT_STR(fg_route_variable(route, FG_STR("lang")), "en");
    assert_non_null(fg_route_variable(route, FG_STR("empty")).at);
    assert_null(fg_route_variable(route, FG_STR("Lang")).at);
    assert_int_equal(fg_route_revision(route), 7);
    assert_int_equal(entry.verb, FG_VERB_ANY);
    assert_true(entry.is_key_required && entry.is_tls && !entry.is_denied &&
                !entry.is_tls_unverified);
    assert_true(entry.throttle.is_set && entry.throttle.rate_milli_rps == 5000 &&
                entry.throttle.burst == 9);
    assert_int_equal(entry.method_id, 77);
    assert_int_equal(entry.kind, FG_INTEGRATION_HTTP_PROXY);
    assert_int_equal(entry.port, 8443);
    ASSERT_STR(entry.host, "backend.test");
    ASSERT_STR(entry.path, "/v1/{id}");
    ASSERT_STR(fg_route_entry_path_parameter(route, 1, 0).value, "method.request.path.id");
    assert_int_equal(fg_route_entry_address(route, 1, 0, &bytes)->sa_family, AF_INET);
    assert_int_equal(bytes, sizeof(struct sockaddr_in));
    assert_true(fg_route_entry(route, 2).is_denied);
    assert_ptr_equal(fg_route_ref(route), route);
    fg_route_unref(route);
    assert_true(full_read(route) > 0);
    fg_route_unref(route);
    fg_route_unref(NULL);
    fg_arena_free(arena);
}

static void test_every_flipped_bit_is_noticed(void **state)
{
    (void)state;
    fg_arena_t *arena = fg_arena_new();
    fg_str_t image = image_copy(arena);
    char *bytes = (char *)(uintptr_t)image.at;
    for (size_t at = 0; at < image.len; at++) {
        fg_route_t *route;
        fg_error_t error = {0};
        bytes[at] = (char)(bytes[at] ^ (1 << at % 8));
        assert_int_equal(fg_route_open_image(bytes, image.len, &route, &error), FG_CORRUPT);
        bytes[at] = (char)(bytes[at] ^ (1 << at % 8));
    }
    free(bytes);
    fg_arena_free(arena);
}

/* Forged: the checksum fits, so that the check of positions alone stands between the file and the
 * worker. */
static void test_every_forged_byte_is_refused_or_harmless(void **state)
{
    (void)state;
    static const unsigned char values[] = {0x00, 0x01, 0x7f, 0x80, 0xff};
    fg_arena_t *arena = fg_arena_new();
    fg_str_t image = image_copy(arena);
    char *bytes = (char *)(uintptr_t)image.at;
    size_t refused = 0, sum = 0;
    for (size_t at = 0; at < image.len; at++) {
        char saved = bytes[at];
        for (size_t i = 0; i < FG_COUNT_OF(values); i++) {
            fg_route_t *route;
            bytes[at] = (char)values[i];
            reseal(bytes, image.len);
            if (fg_route_open_image(bytes, image.len, &route, NULL) != FG_OK) {
                refused++;
                continue;
            }
            sum += full_read(route);
            fg_route_unref(route);
        }
        bytes[at] = saved;
    }
    assert_true(refused > image.len / 8);
    assert_true(sum > 0);
    free(bytes);
    fg_arena_free(arena);
}

static void test_every_cut_is_refused(void **state)
{
    (void)state;
    fg_arena_t *arena = fg_arena_new();
    fg_str_t image = image_copy(arena);
    for (size_t bytes = 0; bytes < image.len; bytes += 8) {
        fg_route_t *route;
        char *cut = malloc(bytes ? bytes : 1);
        assert_non_null(cut);
        memcpy(cut, image.at, bytes);
        assert_int_equal(fg_route_open_image(cut, bytes, &route, NULL), FG_CORRUPT);
        free(cut);
    }
    free((char *)(uintptr_t)image.at);
    fg_arena_free(arena);
}

static void test_every_allocation_may_fail(void **state)
{
    (void)state;
    full_source_t full;
    const fg_route_source_t *source = full_source_init(&full);
    fg_status_t status = FG_NO_MEMORY;
    int64_t count = 0;
    for (; status != FG_OK && count < 1000; count++) {
        fg_arena_t *arena = fg_arena_new();
        fg_str_t image;
        fg_error_t error = {0};
        fg_arena_fail_after(arena, count);
        status = fg_route_image_make(source, arena, &image, &error);
        assert_true(status == FG_OK || status == FG_NO_MEMORY);
        fg_arena_free(arena);
    }
    assert_int_equal(status, FG_OK);
    assert_true(count > 5);
}

/* ---- files ---- */

static void test_a_file_is_published_whole(void **state)
{
    (void)state;
    char dir[] = "/tmp/fg-route-XXXXXX", path[64], beside[80];
    full_source_t full;
    fg_error_t error = {0};
    fg_route_t *route;
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof(path), "%s/0.7", dir);
    snprintf(beside, sizeof(beside), "%s.new", path);
    assert_int_equal(fg_route_open(path, &route, &error), FG_NOT_FOUND);
    assert_int_equal(fg_route_build(full_source_init(&full), path, &error), FG_OK);
    assert_int_equal(access(beside, F_OK), -1);
    assert_int_equal(fg_route_open(path, &route, &error), FG_OK);
    unlink(path); /* a mapping outlives its name */
    assert_true(full_read(route) > 0);
    fg_route_unref(route);
    rmdir(dir);
}

static void test_a_build_that_fails_leaves_the_file(void **state)
{
    (void)state;
    char dir[] = "/tmp/fg-route-XXXXXX", path[64];
    full_source_t full;
    fg_error_t error = {0};
    struct stat before, after;
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof(path), "%s/0.7", dir);
    full_source_init(&full);
    assert_int_equal(fg_route_build(&full.source, path, &error), FG_OK);
    assert_int_equal(stat(path, &before), 0);
    full.methods[1].integration.path = FG_STR("no-slash");
    assert_int_equal(fg_route_build(&full.source, path, &error), FG_BAD_REQUEST);
    assert_non_null(strstr(error.message, "ANY /pets/{id}"));
    assert_int_equal(stat(path, &after), 0);
    assert_int_equal(before.st_ino, after.st_ino);
    unlink(path);
    rmdir(dir);
    assert_int_equal(fg_route_build(full_source_init(&full), path, &error), FG_IO);
}

static void test_what_is_no_snapshot_is_refused(void **state)
{
    (void)state;
    fg_route_t *route;
    fg_error_t error = {0};
    assert_int_equal(fg_route_open("/dev/null", &route, &error), FG_CORRUPT);
    assert_int_equal(fg_route_open("/", &route, &error), FG_CORRUPT);
    assert_int_equal(fg_route_open("/proc/self/status", &route, &error), FG_CORRUPT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_whole_one_opens_and_reads_back),
        cmocka_unit_test(test_every_flipped_bit_is_noticed),
        cmocka_unit_test(test_every_forged_byte_is_refused_or_harmless),
        cmocka_unit_test(test_every_cut_is_refused),
        cmocka_unit_test(test_every_allocation_may_fail),
        cmocka_unit_test(test_a_file_is_published_whole),
        cmocka_unit_test(test_a_build_that_fails_leaves_the_file),
        cmocka_unit_test(test_what_is_no_snapshot_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
