#include "base/id.h"

#include <stdio.h>
#include <sys/random.h>

static const char id_letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
static const char value_letters[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

enum { ID_BASE = 37 }; /* the 36 letters count from 1, so that no id packs to 0 */

static bool fill_from_system(void *ctx, void *ret_bytes, size_t count)
{
    (void)ctx;
    char *at = ret_bytes;
    while (count > 0) {
        ssize_t got = getrandom(at, count, 0);
        if (got <= 0)
            return false;
        at += got;
        count -= (size_t)got;
    }
    return true;
}

fg_random_t fg_random_system(void)
{
    return (fg_random_t){.fill = fill_from_system};
}

/* splitmix64 */
static uint64_t next_word(uint64_t *state)
{
    uint64_t word = *state += UINT64_C(0x9e3779b97f4a7c15);
    word = (word ^ (word >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    word = (word ^ (word >> 27)) * UINT64_C(0x94d049bb133111eb);
    return word ^ (word >> 31);
}

static bool fill_from_seed(void *ctx, void *ret_bytes, size_t count)
{
    unsigned char *at = ret_bytes;
    for (size_t i = 0; i < count; i++)
        at[i] = (unsigned char)next_word(ctx);
    return true;
}

fg_random_t fg_random_seeded(uint64_t *state)
{
    return (fg_random_t){.fill = fill_from_seed, .ctx = state};
}

/* Draw letters without bias: a byte beyond the last whole multiple of the alphabet is thrown away. */
static bool draw(fg_random_t random, const char *letters, size_t letter_count, size_t length,
                 char *ret_text)
{
    unsigned limit = 256 - 256 % (unsigned)letter_count;
    unsigned char bytes[64];
    for (size_t done = 0; done < length;) {
        if (!random.fill(random.ctx, bytes, sizeof(bytes)))
            return false;
        for (size_t i = 0; i < sizeof(bytes) && done < length; i++)
            if (bytes[i] < limit)
                ret_text[done++] = letters[bytes[i] % letter_count];
    }
    ret_text[length] = '\0';
    return true;
}

bool fg_id_make(fg_random_t random, size_t length, char *ret_id)
{
    return draw(random, id_letters, sizeof(id_letters) - 1, length, ret_id);
}

bool fg_key_value_make(fg_random_t random, char *ret_value)
{
    return draw(random, value_letters, sizeof(value_letters) - 1, FG_KEY_VALUE_GENERATED_BYTES,
                ret_value);
}

bool fg_uuid_make(fg_random_t random, char *ret_uuid)
{
    unsigned char b[16];
    if (!random.fill(random.ctx, b, sizeof(b)))
        return false;
    b[6] = (unsigned char)((b[6] & 0x0f) | 0x40);
    b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
    snprintf(ret_uuid, 37, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
             b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13],
             b[14], b[15]);
    return true;
}

static unsigned letter_rank(char letter)
{
    if (letter >= 'a' && letter <= 'z')
        return (unsigned)(letter - 'a') + 1;
    if (letter >= '0' && letter <= '9')
        return (unsigned)(letter - '0') + 27;
    return 0;
}

uint64_t fg_id_pack(fg_str_t id)
{
    uint64_t word = 0;
    if (id.len == 0 || id.len > FG_ID_BYTES_MAX)
        return 0;
    for (size_t i = 0; i < id.len; i++) {
        unsigned rank = letter_rank(id.at[i]);
        if (rank == 0)
            return 0;
        word = word * ID_BASE + rank;
    }
    return word;
}

bool fg_id_is_packed(uint64_t word)
{
    size_t length = 0;
    for (; word > 0; word /= ID_BASE, length++)
        if (word % ID_BASE == 0)
            return false;
    return length > 0 && length <= FG_ID_BYTES_MAX;
}

size_t fg_id_unpack(uint64_t word, char *ret_id)
{
    char reversed[FG_ID_BYTES_MAX];
    size_t length = 0;
    for (; word > 0 && length < FG_ID_BYTES_MAX; word /= ID_BASE) {
        unsigned rank = (unsigned)(word % ID_BASE);
        FG_ASSERT(rank > 0);
        reversed[length++] = id_letters[rank - 1];
    }
    for (size_t i = 0; i < length; i++)
        ret_id[i] = reversed[length - 1 - i];
    ret_id[length] = '\0';
    return length;
}
