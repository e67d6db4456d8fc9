#include "model/webhook.h"

#include "model/extension.h"

#include <stdio.h>
#include <string.h>

const fg_retry_policy_t fg_webhook_retries = {
    .first_s = 2,
    .longest_s = 4 * 3600,
    .give_up_s = 3 * (int64_t)FG_DAY_S,
};

void fg_webhook_secret_text(const uint8_t secret[FG_SECRET_BYTES], char *ret_text)
{
    memcpy(ret_text, "whsec_", 6);
    fg_base64(secret, FG_SECRET_BYTES, ret_text + 6);
}

fg_status_t fg_webhook_sign(const uint8_t secret[FG_SECRET_BYTES], fg_str_t id, fg_wall_t at,
                            fg_str_t body, fg_arena_t *arena, char *ret_signature)
{
    uint8_t mac[FG_SHA256_BYTES];
    fg_str_t text =
        fg_arena_printf(arena, "%.*s.%lld.%.*s", FG_STR_ARG(id), (long long)at.s, FG_STR_ARG(body));
    if (!text.at)
        return FG_NO_MEMORY;
    fg_hmac_sha256(secret, FG_SECRET_BYTES, text.at, text.len, mac);
    memcpy(ret_signature, "v1,", 3);
    fg_base64(mac, sizeof(mac), ret_signature + 3);
    return FG_OK;
}

bool fg_webhook_url_is_good(fg_str_t url)
{
    fg_str_t rest = url;
    fg_str_t scheme = fg_str_cut(&rest, ':');
    if (url.len > FG_WEBHOOK_URL_BYTES_MAX || !rest.at || !fg_str_starts_with(rest, FG_STR("//")) ||
        (!fg_str_eq_nocase(scheme, FG_STR("http")) && !fg_str_eq_nocase(scheme, FG_STR("https"))))
        return false;
    for (size_t i = 0; i < url.len; i++)
        if ((uint8_t)url.at[i] <= ' ' || (uint8_t)url.at[i] >= 0x7f)
            return false;
    size_t end = 2;
    while (end < rest.len && !strchr("/?#", rest.at[end]))
        end++;
    fg_str_t host = fg_str_of(rest.at + 2, end - 2);
    return host.len > 0 && fg_str_find(host, '@') == host.len;
}

bool fg_retry_next(const fg_retry_policy_t *policy, fg_wall_t created_at, fg_wall_t now,
                   int64_t attempts, uint64_t dice, fg_wall_t *ret_next_at)
{
    FG_ASSERT(attempts >= 1 && policy->first_s >= 1);
    int64_t wait = policy->first_s;
    for (int64_t i = 1; i < attempts && wait < policy->longest_s; i++)
        wait *= 2;
    if (wait > policy->longest_s)
        wait = policy->longest_s;
    int64_t least = (wait + 1) / 2;
    int64_t next = now.s + least + (int64_t)(dice % (uint64_t)(wait - least + 1));
    if (next > created_at.s + policy->give_up_s)
        return false;
    ret_next_at->s = next;
    return true;
}
