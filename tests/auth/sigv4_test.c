/*
 * Vectors are what botocore signs for the same requests at the same second; each must verify, and
 * none may once any signed part is changed. Rule C2.
 */
#include "auth/canonical.c"
#include "auth/sigv4.c"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* 2026-11-25T06:45:00Z */
#define SIGNED_AT INT64_C(1795589100)

enum { HEADERS_MAX = 8 };

typedef struct vector {
    const char *verb, *target, *body;
    struct {
        const char *name, *value;
    } headers[HEADERS_MAX];
} vector_t;

/* given a request that botocore signed, when it is verified as it came, expect the access key and
 * the region */
static const vector_t vectors[] = {
    /* a plain GET */
    {"GET",
     "/restapis",
     "",
     {
         {"Host", "apigateway.us-east-1.amazonaws.com"},
         {"X-Amz-Date", "20261125T064500Z"},
         {"Authorization",
          "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261125/us-east-1/apigateway/aws4_request, "
          "SignedHeaders=host;x-amz-date, "
          "Signature=d9068149355700c1368b95f67ba642eed47a54dadf50629e837f9f30a692d8ad"},
     }},
    /* a GET with a query in the order of its names */
    {"GET",
     "/apikeys?includeValues=true&limit=500&name=a%20b",
     "",
     {
         {"Host", "apigateway.us-east-1.amazonaws.com"},
         {"X-Amz-Date", "20261125T064500Z"},
         {"Authorization",
          "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261125/us-east-1/apigateway/aws4_request, "
          "SignedHeaders=host;x-amz-date, "
          "Signature=0bd0bae5a39e3a054b08a6a3d6c26ba91627854414ee1ae4c91c0b865c1ddb68"},
     }},
    /* a repeated name and an empty value */
    {"GET",
     "/tags/x?tagKeys=b&tagKeys=a&z=",
     "",
     {
         {"Host", "apigateway.us-east-1.amazonaws.com"},
         {"X-Amz-Date", "20261125T064500Z"},
         {"Authorization",
          "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261125/us-east-1/apigateway/aws4_request, "
          "SignedHeaders=host;x-amz-date, "
          "Signature=bedee8b23efa1f8c1b0fb06c704bd15e832c3d88fd8268079e337265effe6829"},
     }},
    /* a POST with a body */
    {"POST",
     "/apikeys",
     "{\"name\":\"n\",\"enabled\":true}",
     {
         {"Content-Type", "application/json"},
         {"Host", "apigateway.us-east-1.amazonaws.com"},
         {"X-Amz-Date", "20261125T064500Z"},
         {"Authorization",
          "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261125/us-east-1/apigateway/aws4_request, "
          "SignedHeaders=content-type;host;x-amz-date, "
          "Signature=95d8dc82af9c575effd39e46070a459e44a5102b2f1da8ec2dcc662d14c66fda"},
     }},
    /* an encoded label is encoded twice */
    {"GET",
     "/tags/arn%3Aaws%3Aapigateway%3Aus-east-1%3A%3A%2Frestapis%2Fabc",
     "",
     {
         {"Host", "apigateway.us-east-1.amazonaws.com"},
         {"X-Amz-Date", "20261125T064500Z"},
         {"Authorization",
          "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261125/us-east-1/apigateway/aws4_request, "
          "SignedHeaders=host;x-amz-date, "
          "Signature=a744be1c767eb0ca5648db710350e81099266dc688af9960cdd04d8e1151d61f"},
     }},
    /* parentheses */
    {"GET",
     "/domainnames/x/basepathmappings/%28none%29",
     "",
     {
         {"Host", "apigateway.us-east-1.amazonaws.com"},
         {"X-Amz-Date", "20261125T064500Z"},
         {"Authorization",
          "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261125/us-east-1/apigateway/aws4_request, "
          "SignedHeaders=host;x-amz-date, "
          "Signature=77b4b49bdc6fb774c29024633e7c5e19cacc5cab63be15322a130efbf6535242"},
     }},
    /* dot segments and double slashes go */
    {"GET",
     "/restapis/./a/../b//c/",
     "",
     {
         {"Host", "apigateway.us-east-1.amazonaws.com"},
         {"X-Amz-Date", "20261125T064500Z"},
         {"Authorization",
          "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261125/us-east-1/apigateway/aws4_request, "
          "SignedHeaders=host;x-amz-date, "
          "Signature=174bbd676a6161e8fc92c9ae863957b0c7a9e94209938c15ecedf2608e53ff58"},
     }},
    /* blanks in a header value are folded */
    {"PATCH",
     "/usageplans/p",
     "{\"patchOperations\":[]}",
     {
         {"Content-Type", "application/json"},
         {"X-Amz-Note", "  two   blanks  "},
         {"Host", "apigateway.us-east-1.amazonaws.com"},
         {"X-Amz-Date", "20261125T064500Z"},
         {"Authorization",
          "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261125/us-east-1/apigateway/aws4_request, "
          "SignedHeaders=content-type;host;x-amz-date;x-amz-note, "
          "Signature=1a67841aad668fa9a49dcee119c929723cffce3a9609da5b5f214d7ca3dc32f5"},
     }},
    /* a session header and the payload hash are signed */
    {"PUT",
     "/restapis/a",
     "{}",
     {
         {"Content-Type", "application/json"},
         {"X-Amz-Content-Sha256",
          "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"},
         {"Host", "apigateway.us-east-1.amazonaws.com"},
         {"X-Amz-Date", "20261125T064500Z"},
         {"Authorization",
          "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261125/us-east-1/apigateway/aws4_request, "
          "SignedHeaders=content-type;host;x-amz-content-sha256;x-amz-date, "
          "Signature=32053f390dbe62b03553901d9853ecfade1b0a1d7daa08f7d3eae8b41effad22"},
     }},
    /* a presigned GET */
    {"GET",
     "/usageplans?limit=1&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F20261125%"
     "2Fus-east-1%2Fapigateway%2Faws4_request&X-Amz-Date=20261125T064500Z&X-Amz-Expires=3600&X-Amz-"
     "SignedHeaders=host&X-Amz-Signature="
     "748dfd3e9f5a750188b7ccc99df96c16a352934adb24be6706fcd8d5d097baa3",
     "",
     {
         {"Host", "apigateway.us-east-1.amazonaws.com"},
     }},
    /* a presigned GET without a query */
    {"GET",
     "/account?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F20261125%2Fus-east-"
     "1%2Fapigateway%2Faws4_request&X-Amz-Date=20261125T064500Z&X-Amz-Expires=604800&X-Amz-"
     "SignedHeaders=host&X-Amz-Signature="
     "bdc9f2132dc3588e5b0579aaea04148a64118b17d2396649b75c9e13fbc92286",
     "",
     {
         {"Host", "apigateway.us-east-1.amazonaws.com"},
     }},
};

static fg_arena_t *arena;

static int setup(void **state)
{
    (void)state;
    arena = fg_arena_new();
    return arena ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    fg_arena_free(arena);
    return 0;
}

static fg_status_t secret_of_test(void *ctx, fg_str_t access_key_id, fg_arena_t *secret_arena,
                                  fg_str_t *ret_secret, fg_error_t *reterr)
{
    (void)ctx;
    (void)secret_arena;
    (void)reterr;
    if (!fg_str_is(access_key_id, "AKIDEXAMPLE"))
        return FG_NOT_FOUND;
    *ret_secret = FG_STR("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
    return FG_OK;
}

typedef struct attempt {
    fg_sigv4_request_t request;
    fg_sigv4_header_t headers[HEADERS_MAX + 1];
} attempt_t;

static void attempt_fill(attempt_t *attempt, const vector_t *vector)
{
    memset(attempt, 0, sizeof(*attempt));
    size_t count = 0;
    for (; count < HEADERS_MAX && vector->headers[count].name; count++) {
        attempt->headers[count] = (fg_sigv4_header_t){fg_str(vector->headers[count].name),
                                                      fg_str(vector->headers[count].value)};
    }
    attempt->request = (fg_sigv4_request_t){fg_str(vector->verb), fg_str(vector->target),
                                            fg_str(vector->body), attempt->headers, count};
}

static fg_error_t error;

static fg_status_t verify_at(const attempt_t *attempt, int64_t now_s)
{
    static const fg_sigv4_options_t options = {"apigateway", secret_of_test, NULL};
    fg_sigv4_identity_t identity = {0};
    memset(&error, 0, sizeof(error));
    fg_status_t status =
        fg_sigv4_verify(&attempt->request, &options, (fg_wall_t){now_s}, arena, &identity, &error);
    if (status == FG_OK) {
        assert_true(fg_str_is(identity.access_key_id, "AKIDEXAMPLE"));
        assert_true(fg_str_is(identity.region, "us-east-1"));
    }
    return status;
}

static void every_vector_verifies(void **state)
{
    (void)state;
    for (size_t i = 0; i < FG_COUNT_OF(vectors); i++) {
        attempt_t attempt;
        attempt_fill(&attempt, &vectors[i]);
        if (verify_at(&attempt, SIGNED_AT) != FG_OK)
            fail_msg("vector %zu (%s): %s", i, vectors[i].target, error.message);
    }
}

/* Change one byte of `text` at `index`. */
static fg_str_t bent(fg_str_t text, size_t index)
{
    char *copy = fg_arena_text(arena, text);
    copy[index] = copy[index] == 'a' ? 'b' : 'a';
    return fg_str_of(copy, text.len);
}

static void assert_refused(const attempt_t *attempt, size_t vector, const char *what, size_t index)
{
    if (verify_at(attempt, SIGNED_AT) == FG_OK)
        fail_msg("vector %zu verifies with byte %zu of its %s changed", vector, index, what);
}

static void bend_each_byte(attempt_t *attempt, fg_str_t *part, size_t vector, const char *what)
{
    fg_str_t kept = *part;
    for (size_t i = 0; i < kept.len; i++) {
        *part = bent(kept, i);
        assert_refused(attempt, vector, what, i);
    }
    *part = kept;
}

/* given a valid signature, when any byte of verb, target, body or a signed header changes, expect a
 * refusal */
static void any_changed_byte_is_refused(void **state)
{
    (void)state;
    for (size_t v = 0; v < FG_COUNT_OF(vectors); v++) {
        attempt_t attempt;
        attempt_fill(&attempt, &vectors[v]);
        bend_each_byte(&attempt, &attempt.request.verb, v, "verb");
        if (v != 6) /* "/./a/../b//c/" holds bytes that normalization drops */
            bend_each_byte(&attempt, &attempt.request.target, v, "target");
        bend_each_byte(&attempt, &attempt.request.body, v, "body");
        for (size_t h = 0; h < attempt.request.header_count; h++) {
            if (!fg_str_is(attempt.headers[h].name, "X-Amz-Note")) /* its blanks fold */
                bend_each_byte(&attempt, &attempt.headers[h].value, v, "header value");
        }
        fg_arena_reset(arena);
    }
}

/* given a valid signature, when seconds pass, expect it to hold for five minutes either way
 * (presigned: its own life) */
static void the_clock_may_be_off_by_five_minutes(void **state)
{
    (void)state;
    static const struct {
        size_t vector;
        int64_t offset_s;
        fg_status_t status;
        const char *text;
    } rows[] = {
        {0, 300, FG_OK, ""},
        {0, 301, FG_BAD_SIGNATURE,
         "Signature expired: 20261125T064500Z is now earlier than 20261125T064501Z "
         "(20261125T065001Z - 5 min.)"},
        {0, -300, FG_OK, ""},
        {0, -301, FG_BAD_SIGNATURE,
         "Signature not yet current: 20261125T064500Z is still later than "},
        {9, 3600, FG_OK, ""},
        {9, 3601, FG_BAD_SIGNATURE, "Signature expired: "},
        {9, -301, FG_BAD_SIGNATURE, "Signature not yet current: "},
        {10, 604800, FG_OK, ""},
        {10, 604801, FG_BAD_SIGNATURE, "Signature expired: "},
    };
    for (size_t i = 0; i < FG_COUNT_OF(rows); i++) {
        attempt_t attempt;
        attempt_fill(&attempt, &vectors[rows[i].vector]);
        assert_int_equal(verify_at(&attempt, SIGNED_AT + rows[i].offset_s), rows[i].status);
        assert_memory_equal(error.message, rows[i].text, strlen(rows[i].text));
    }
}

#define SCOPE     "AKIDEXAMPLE/20261125/us-east-1/apigateway/aws4_request"
#define SIGNATURE "d9068149355700c1368b95f67ba642eed47a54dadf50629e837f9f30a692d8ad"

/* given an Authorization header, when it lacks a part or names another thing, expect the service's
 * answer */
static void malformed_headers(void **state)
{
    (void)state;
    static const struct {
        const char *authorization;
        fg_status_t status;
    } rows[] = {
        {"AWS4-HMAC-SHA256 Credential=" SCOPE
         ", SignedHeaders=host;x-amz-date, Signature=" SIGNATURE,
         FG_OK},
        {"AWS4-HMAC-SHA256 Credential=" SCOPE ",SignedHeaders=host;x-amz-date,Signature=" SIGNATURE,
         FG_OK},
        {"", FG_INCOMPLETE_SIGNATURE},
        {"Bearer abc", FG_INCOMPLETE_SIGNATURE},
        {"AWS4-HMAC-SHA256", FG_INCOMPLETE_SIGNATURE},
        {"AWS4-HMAC-SHA256 SignedHeaders=host;x-amz-date, Signature=" SIGNATURE,
         FG_INCOMPLETE_SIGNATURE},
        {"AWS4-HMAC-SHA256 Credential=" SCOPE ", Signature=" SIGNATURE, FG_INCOMPLETE_SIGNATURE},
        {"AWS4-HMAC-SHA256 Credential=" SCOPE ", SignedHeaders=host;x-amz-date",
         FG_INCOMPLETE_SIGNATURE},
        {"AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261125/us-east-1/apigateway, "
         "SignedHeaders=host;x-amz-date, "
         "Signature=" SIGNATURE,
         FG_INCOMPLETE_SIGNATURE},
        {"AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261125/us-east-1/apigateway/aws3_request, "
         "SignedHeaders=host;x-amz-date, Signature=" SIGNATURE,
         FG_BAD_SIGNATURE},
        {"AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261125/us-east-1/s3/aws4_request, "
         "SignedHeaders=host;x-amz-date, Signature=" SIGNATURE,
         FG_BAD_SIGNATURE},
        {"AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261124/us-east-1/apigateway/aws4_request, "
         "SignedHeaders=host;x-amz-date, Signature=" SIGNATURE,
         FG_BAD_SIGNATURE},
        {"AWS4-HMAC-SHA256 Credential=AKIDOTHER/20261125/us-east-1/apigateway/aws4_request, "
         "SignedHeaders=host;x-amz-date, Signature=" SIGNATURE,
         FG_UNKNOWN_CLIENT},
        /* host not signed */
        {"AWS4-HMAC-SHA256 Credential=" SCOPE ", SignedHeaders=x-amz-date, Signature=" SIGNATURE,
         FG_BAD_SIGNATURE},
        /* date not signed */
        {"AWS4-HMAC-SHA256 Credential=" SCOPE ", SignedHeaders=host, Signature=" SIGNATURE,
         FG_BAD_SIGNATURE},
        /* a signed header that is not there, and one named twice */
        {"AWS4-HMAC-SHA256 Credential=" SCOPE
         ", SignedHeaders=host;range;x-amz-date, Signature=" SIGNATURE,
         FG_BAD_SIGNATURE},
        {"AWS4-HMAC-SHA256 Credential=" SCOPE
         ", SignedHeaders=host;host;x-amz-date, Signature=" SIGNATURE,
         FG_BAD_SIGNATURE},
        /* too short */
        {"AWS4-HMAC-SHA256 Credential=" SCOPE ", SignedHeaders=host;x-amz-date, Signature=d906",
         FG_BAD_SIGNATURE},
    };
    for (size_t i = 0; i < FG_COUNT_OF(rows); i++) {
        attempt_t attempt;
        attempt_fill(&attempt, &vectors[0]);
        attempt.headers[2].value = fg_str(rows[i].authorization);
        if (verify_at(&attempt, SIGNED_AT) != rows[i].status)
            fail_msg("row %zu: %s", i, error.message);
    }
}

static void without_any_signature(void **state)
{
    (void)state;
    attempt_t attempt;
    attempt_fill(&attempt, &vectors[0]);
    attempt.request.header_count = 2;
    assert_int_equal(verify_at(&attempt, SIGNED_AT), FG_UNAUTHENTICATED);
    assert_string_equal(error.message, "Missing Authentication Token");
}

static void without_a_date(void **state)
{
    (void)state;
    attempt_t attempt;
    attempt_fill(&attempt, &vectors[0]);
    attempt.headers[1].name = FG_STR("X-Other");
    assert_int_equal(verify_at(&attempt, SIGNED_AT), FG_INCOMPLETE_SIGNATURE);
    attempt.headers[1] = (fg_sigv4_header_t){FG_STR("x-amz-date"), FG_STR("2026-11-25T06:45Z")};
    assert_int_equal(verify_at(&attempt, SIGNED_AT), FG_INCOMPLETE_SIGNATURE);
}

/* A header nobody signed is fine, unless it is one of ours. */
static void headers_beside_the_signed_ones(void **state)
{
    (void)state;
    attempt_t attempt;
    attempt_fill(&attempt, &vectors[0]);
    attempt.headers[3] = (fg_sigv4_header_t){FG_STR("User-Agent"), FG_STR("aws-cli")};
    attempt.request.header_count = 4;
    assert_int_equal(verify_at(&attempt, SIGNED_AT), FG_OK);
    attempt.headers[3].name = FG_STR("X-Amz-Target");
    assert_int_equal(verify_at(&attempt, SIGNED_AT), FG_BAD_SIGNATURE);
}

/* given a signed header named again in other letters, when it is verified, expect a refusal before
 * its value is written twice: the room is that of one copy */
static void a_signed_header_named_in_two_cases(void **state)
{
    (void)state;
    static char filling[4096];
    memset(filling, 'x', sizeof(filling) - 1);
    attempt_t attempt;
    attempt_fill(&attempt, &vectors[0]);
    attempt.headers[2].value = FG_STR("AWS4-HMAC-SHA256 Credential=" SCOPE ", SignedHeaders="
                                      "fill;Fill;fIll;fiLl;filL;FIll;host;x-amz-date, Signature="
                                      SIGNATURE);
    attempt.headers[3] = (fg_sigv4_header_t){FG_STR("Fill"), fg_str(filling)};
    attempt.request.header_count = 4;
    assert_int_equal(verify_at(&attempt, SIGNED_AT), FG_BAD_SIGNATURE);
    assert_null(fg_canonical_headers(&attempt.request, FG_STR("host;Host"), arena).at);
}

/* given a presigned request, when its life is not 1 second to 7 days, expect it to be incomplete */
static void presigned_lives(void **state)
{
    (void)state;
    static const char *const lives[] = {"0", "-1", "604801", "x", ""};
    for (size_t i = 0; i < FG_COUNT_OF(lives); i++) {
        attempt_t attempt;
        attempt_fill(&attempt, &vectors[9]);
        attempt.request.target = fg_arena_printf(
            arena,
            "/usageplans?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=a%%2F20261125"
            "%%2Fb%%2Fapigateway%%2Faws4_request&X-Amz-Date=20261125T064500Z&X-Amz-Expires=%s"
            "&X-Amz-SignedHeaders=host&X-Amz-Signature=" SIGNATURE,
            lives[i]);
        assert_int_equal(verify_at(&attempt, SIGNED_AT), FG_INCOMPLETE_SIGNATURE);
    }
}

/* Each allocation may fail: a refusal, never a pass. */
static void lack_of_memory_never_admits(void **state)
{
    (void)state;
    for (int64_t n = 0; n < 64; n++) {
        attempt_t attempt;
        attempt_fill(&attempt, &vectors[9]);
        fg_arena_fail_after(arena, n);
        fg_status_t status = verify_at(&attempt, SIGNED_AT);
        fg_arena_fail_after(arena, -1);
        if (status == FG_OK) {
            assert_true(n > 0);
            return;
        }
    }
    fail_msg("never had enough memory");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_vector_verifies),
        cmocka_unit_test(any_changed_byte_is_refused),
        cmocka_unit_test(the_clock_may_be_off_by_five_minutes),
        cmocka_unit_test(malformed_headers),
        cmocka_unit_test(without_any_signature),
        cmocka_unit_test(without_a_date),
        cmocka_unit_test(headers_beside_the_signed_ones),
        cmocka_unit_test(a_signed_header_named_in_two_cases),
        cmocka_unit_test(presigned_lives),
        cmocka_unit_test(lack_of_memory_never_admits),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
