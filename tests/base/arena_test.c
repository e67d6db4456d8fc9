#include "words.h"

#include "base/arena.h"

#include <string.h>

static void pieces_are_zeroed_and_apart(void **state)
{
    (void)state;
    fg_arena_t *arena = fg_arena_new();
    char *small = fg_arena_alloc(arena, 3);
    char *large = fg_arena_alloc(arena, 1000000);
    assert_non_null(small);
    assert_non_null(large);
    for (size_t i = 0; i < 1000000; i++)
        assert_int_equal(large[i], 0);
    memset(large, 'x', 1000000);
    assert_int_equal(small[0] + small[1] + small[2], 0);
    assert_int_equal((uintptr_t)small % 16 + (uintptr_t)large % 16, 0);
    assert_null(fg_arena_alloc(arena, SIZE_MAX));
    fg_arena_free(arena);
}

static void a_reset_gives_back(void **state)
{
    (void)state;
    fg_arena_t *arena = fg_arena_new();
    void *first = fg_arena_alloc(arena, 64);
    for (int i = 0; i < 1000; i++)
        assert_non_null(fg_arena_alloc(arena, 1000));
    fg_arena_reset(arena);
    assert_ptr_equal(fg_arena_alloc(arena, 64), first);
    fg_arena_free(arena);
}

static void texts_end_in_a_nul(void **state)
{
    (void)state;
    fg_arena_t *arena = fg_arena_new();
    assert_string_equal(fg_arena_text(arena, fg_str_of("abcdef", 3)), "abc");
    assert_true(fg_str_is(fg_arena_printf(arena, "%s:%d", "limit", 7), "limit:7"));
    assert_null(fg_arena_copy(arena, FG_STR_NONE).at);
    assert_non_null(fg_arena_copy(arena, FG_STR("")).at);
    fg_arena_free(arena);
}

static void the_nth_allocation_fails(void **state)
{
    (void)state;
    fg_arena_t *arena = fg_arena_new();
    fg_arena_fail_after(arena, 2);
    assert_non_null(fg_arena_alloc(arena, 1));
    assert_non_null(fg_arena_alloc(arena, 1));
    assert_null(fg_arena_alloc(arena, 1));
    assert_null(fg_arena_printf(arena, "x").at);
    fg_arena_fail_after(arena, -1);
    assert_non_null(fg_arena_alloc(arena, 1));
    fg_arena_free(arena);
    fg_arena_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_are_zeroed_and_apart),
        cmocka_unit_test(a_reset_gives_back),
        cmocka_unit_test(texts_end_in_a_nul),
        cmocka_unit_test(the_nth_allocation_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
