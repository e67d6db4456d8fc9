/*
 * Alerts: what was told, to whom, and whether it arrived. Rules AL3 to AL7.
 */
#include "control/handlers.h"
#include "control/noun.h"
#include "model/event.h"
#include "model/webhook.h"
#include "store/outbox.h"

/* ---- GetAlerts ---- */

static fg_status_t state_parse(fg_call_t *call, fg_outbox_state_t *ret_state)
{
    fg_str_t text = fg_call_query(call, "state");
    *ret_state = fg_outbox_state_of(text);
    if (fg_str_is_empty(text) || *ret_state != FG_OUTBOX_STATES)
        return FG_OK;
    return fg_error_set(call->error, FG_BAD_REQUEST, "state",
                        "state must be one of [pending, delivered, failed, unsent]");
}

static json_t *date_or_null(bool is_set, fg_wall_t date)
{
    return is_set ? json_integer(date.s) : json_null();
}

/* New reference; NULL without memory. */
static json_t *event_render(const fg_outbox_event_t *event)
{
    fg_error_t error;
    return json_pack(
        "{s:o, s:s, s:o, s:I, s:o, s:o, s:I, s:o, s:o}", "id", fg_json_new_str(event->id), "state",
        fg_outbox_state_text(event->state), "url",
        fg_str_is_empty(event->url) ? json_null() : fg_json_new_str(event->url), "createdDate",
        (json_int_t)event->created_at.s, "nextAttemptDate",
        date_or_null(event->state == FG_OUTBOX_PENDING, event->next_at), "deliveredDate",
        date_or_null(event->state == FG_OUTBOX_DELIVERED, event->delivered_at), "attempts",
        (json_int_t)event->attempts, "lastError", fg_json_new_str(event->last_error), "event",
        fg_json_parse(event->body, &error));
}

fg_status_t fg_alert_list(fg_call_t *call)
{
    fg_outbox_state_t state;
    fg_outbox_event_t *events;
    size_t limit, count;
    int64_t before;
    fg_status_t status = fg_call_page(call, &limit, &before);
    if (status == FG_OK)
        status = state_parse(call, &state);
    if (status == FG_OK)
        status = fg_store_outbox_list(call->store, state, before, limit + 1, call->arena, &events,
                                      &count, call->error);
    if (status != FG_OK)
        return status;
    bool has_more = count > limit; /* one more was asked for */
    count = has_more ? limit : count;
    FG_JSON_SCOPED *items = json_array();
    for (size_t i = 0; i < count; i++)
        if (json_array_append_new(items, event_render(&events[i])) != 0)
            return fg_call_no_memory(call);
    return fg_call_page_answer(call, json_incref(items), has_more,
                               has_more ? events[count - 1].number : 0);
}

/* ---- GetAlertWebhook ---- */

fg_status_t fg_alert_webhook_get(fg_call_t *call)
{
    uint8_t secret[FG_SECRET_BYTES];
    char text[FG_WEBHOOK_SECRET_TEXT_BYTES + 1];
    const char *url = call->control->settings.alert_webhook_url;
    fg_status_t status = fg_store_webhook_secret_get(call->store, call->arena, secret, call->error);
    if (status == FG_NOT_FOUND)
        return fg_error_set(call->error, FG_NOT_FOUND, "secret", "There is no webhook secret yet");
    if (status != FG_OK)
        return status;
    fg_webhook_secret_text(secret, text);
    call->output = json_pack("{s:o, s:s}", "url", fg_json_new_str(fg_str(url)), "secret", text);
    return call->output ? FG_OK : fg_call_no_memory(call);
}

/* ---- TestAlertWebhook ---- */

static fg_status_t url_parse(fg_call_t *call, fg_str_t *ret_url)
{
    *ret_url = fg_str(call->control->settings.alert_webhook_url);
    fg_status_t status = fg_input_str(call, call->input, "url", ret_url);
    if (status == FG_OK && fg_str_is_empty(*ret_url))
        *ret_url = fg_str(call->control->settings.alert_webhook_url);
    if (status != FG_OK)
        return status;
    if (fg_str_is_empty(*ret_url))
        return fg_error_set(call->error, FG_BAD_REQUEST, "url",
                            "No alert webhook is set: give a url, or start with "
                            "--alert-webhook-url");
    if (!fg_webhook_url_is_good(*ret_url))
        return fg_error_set(call->error, FG_BAD_REQUEST, "url",
                            "url must be an http or https URL of visible ASCII characters, "
                            "without credentials");
    return FG_OK;
}

fg_status_t fg_alert_test(fg_call_t *call)
{
    fg_outbox_event_t row = {.created_at = call->now.wall};
    fg_status_t status = url_parse(call, &row.url);
    if (status == FG_OK)
        status = fg_store_outbox_id(call->store, call->arena, &row.id, call->error);
    if (status != FG_OK)
        return status;
    fg_event_t event = {row.id, fg_store_uuid(call->store), call->now.wall};
    row.body = fg_event_test(&event, call->arena);
    if (!row.body.at)
        return fg_call_no_memory(call);
    status = fg_store_outbox_put(call->store, &row, call->error);
    if (status != FG_OK)
        return status;
    call->output =
        json_pack("{s:o, s:o}", "id", fg_json_new_str(row.id), "url", fg_json_new_str(row.url));
    return call->output ? FG_OK : fg_call_no_memory(call);
}
