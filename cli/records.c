#include "records.h"

#include "base/chain.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

enum { FILE_BYTES_MAX = 1 << 30, KEY_FILE_BYTES_MAX = 4096, DER_FRAME_BYTES = 12 };

static const struct {
    const char *name;
    bool is_number;
} columns[] = {
    {"type", false},         {"id", false},          {"usagePlanId", false}, {"keyId", false},
    {"customerId", false},   {"periodStart", false}, {"periodEnd", false},   {"used", true},
    {"days", false},         {"recordCount", true},  {"closedAt", false},    {"publicKey", false},
    {"previousHash", false}, {"hash", false},        {"signature", false},
};

/* ---- CSV (RFC 4180) ---- */

static void print_text(const char *text, FILE *out)
{
    bool is_quoted = strpbrk(text, ",\"\r\n") != NULL;

    if (is_quoted)
        fputc('"', out);
    for (; *text; text++) {
        if (*text == '"')
            fputc('"', out);
        fputc(*text, out);
    }
    if (is_quoted)
        fputc('"', out);
}

void fg_record_print_csv(const json_t *record, FILE *out)
{
    for (size_t i = 0; i < FG_COUNT_OF(columns); i++) {
        const json_t *value = record ? json_object_get(record, columns[i].name) : NULL;
        if (i > 0)
            fputc(',', out);
        if (!record)
            fputs(columns[i].name, out);
        else if (json_is_integer(value))
            fprintf(out, "%" PRId64, (int64_t)json_integer_value(value));
        else if (json_is_string(value))
            print_text(json_string_value(value), out);
    }
    fputc('\n', out);
}

/* Bytes of the field at the head of `text`, its quotes included. */
static size_t field_bytes(fg_str_t text)
{
    bool is_inside = false;
    size_t at;

    for (at = 0; at < text.len; at++) {
        if (text.at[at] == '"')
            is_inside = !is_inside; /* two in a row leave it as it was */
        else if (!is_inside && (text.at[at] == ',' || text.at[at] == '\n'))
            break;
    }
    return at;
}

/* The next field; `rest` moves behind its comma or line end. *ret_is_last: the line is over. */
static fg_str_t next_field(fg_str_t *rest, bool *ret_is_last)
{
    size_t bytes = field_bytes(*rest), length = 0;
    fg_str_t raw = fg_str_of(rest->at, bytes);

    *ret_is_last = bytes == rest->len || rest->at[bytes] == '\n';
    bytes += bytes < rest->len;
    *rest = fg_str_of(rest->at + bytes, rest->len - bytes);
    if (*ret_is_last && raw.len && raw.at[raw.len - 1] == '\r')
        raw.len--;
    if (raw.len < 2 || raw.at[0] != '"')
        return raw;
    char *text = fg_text_of(raw);
    for (size_t i = 1; i + 1 < raw.len; i++) {
        text[length++] = raw.at[i];
        i += raw.at[i] == '"';
    }
    return fg_str_of(text, length);
}

static bool set_column(json_t *record, size_t column, fg_str_t text)
{
    int64_t number;

    if (text.len == 0)
        return true;
    if (column >= FG_COUNT_OF(columns))
        return false;
    if (!columns[column].is_number)
        return json_object_set_new(record, columns[column].name, fg_json_new_str(text)) == 0;
    return fg_str_to_i64(text, &number) &&
           json_object_set_new(record, columns[column].name, json_integer(number)) == 0;
}

/* NULL when a field is not what its column holds. New reference. */
static json_t *read_csv(fg_str_t *rest)
{
    json_t *record = json_object();
    bool is_last = false, is_good = true;

    for (size_t column = 0; !is_last; column++) {
        fg_str_t text = next_field(rest, &is_last);
        is_good = is_good && set_column(record, column, text);
    }
    if (is_good)
        return record;
    json_decref(record);
    return NULL;
}

/* ---- files ---- */

static json_t *read_line(fg_str_t *rest)
{
    fg_error_t error;

    return fg_json_parse(fg_str_cut(rest, '\n'), &error);
}

json_t *fg_records_read(const char *path)
{
    fg_str_t rest = fg_read_file(path, FILE_BYTES_MAX);
    json_t *records = json_array();
    size_t number = 0;

    if (!rest.at) {
        fg_say("%s: %s", path, strerror(errno));
        json_decref(records);
        return NULL;
    }
    bool is_csv = fg_str_starts_with(rest, FG_STR("type,"));
    if (is_csv)
        (void)fg_str_cut(&rest, '\n');
    while (rest.len > 0) {
        json_t *record = is_csv ? read_csv(&rest) : read_line(&rest);
        number++;
        if (!json_is_object(record) || json_array_append_new(records, record) != 0) {
            fg_say("%s: record %zu cannot be read", path, number);
            json_decref(records);
            return NULL;
        }
    }
    return records;
}

/* Between the lines of a PEM file, or the whole file. */
static fg_str_t key_text(fg_str_t file)
{
    fg_str_t text = fg_str_trim(fg_str_cut(&file, '\n'));

    if (fg_str_is(text, "-----BEGIN PUBLIC KEY-----"))
        text = fg_str_trim(fg_str_cut(&file, '\n'));
    return text;
}

bool fg_public_key_read(const char *path, uint8_t ret_key[FG_PUBLIC_KEY_BYTES])
{
    uint8_t der[DER_FRAME_BYTES + FG_PUBLIC_KEY_BYTES];
    fg_str_t file = fg_read_file(path, KEY_FILE_BYTES_MAX);

    if (!file.at) {
        fg_say("%s: %s", path, strerror(errno));
        return false;
    }
    fg_str_t text = key_text(file);
    if (fg_base64_decode(text, ret_key, FG_PUBLIC_KEY_BYTES))
        return true;
    if (!fg_base64_decode(text, der, sizeof(der))) {
        fg_say("%s holds no Ed25519 public key", path);
        return false;
    }
    memcpy(ret_key, der + DER_FRAME_BYTES, FG_PUBLIC_KEY_BYTES);
    return true;
}

/* ---- checking ---- */

static fg_str_t text_of(const json_t *record, const char *member)
{
    return fg_json_str(json_object_get(record, member));
}

static int64_t number_of(const json_t *record, const char *member)
{
    return (int64_t)json_integer_value(json_object_get(record, member));
}

typedef struct period {
    int64_t count, used; /* of the records so far */
    const json_t *first;
} period_t;

static bool is_of_period(const period_t *period, const json_t *record)
{
    static const char *const members[] = {"usagePlanId", "periodStart", "periodEnd"};

    for (size_t i = 0; period->first && i < FG_COUNT_OF(members); i++)
        if (!fg_str_eq(text_of(period->first, members[i]), text_of(record, members[i])))
            return false;
    return true;
}

static bool days_make(const json_t *record)
{
    int64_t sum = 0, used;

    for (fg_str_t rest = text_of(record, "days"); rest.at;) {
        if (!fg_str_to_i64(fg_str_cut(&rest, ';'), &used))
            return false;
        sum += used;
    }
    return sum == number_of(record, "used");
}

static bool is_signed(const json_t *record, const uint8_t key[FG_PUBLIC_KEY_BYTES])
{
    uint8_t signature[FG_SIGNATURE_BYTES];

    return fg_base64_decode(text_of(record, "signature"), signature, sizeof(signature)) &&
           fg_ed25519_verify(key, fg_chain_hash(record), signature);
}

/* NULL when the record is right where it stands. */
static const char *fault_of(const json_t *record, period_t *period,
                            const uint8_t key[FG_PUBLIC_KEY_BYTES])
{
    bool is_end = fg_str_is(text_of(record, "type"), "export");

    if (!is_end && !fg_str_is(text_of(record, "type"), "usage"))
        return "is of no known type";
    if (!is_of_period(period, record))
        return "is of another plan or period";
    if (!is_end && json_object_get(record, "signature"))
        return "has a signature where none belongs";
    if (!is_end) {
        period->first = period->first ? period->first : record;
        period->count++;
        period->used += number_of(record, "used");
        return days_make(record) ? NULL : "has days that do not add up";
    }
    if (number_of(record, "recordCount") != period->count)
        return "tells another number of records";
    if (number_of(record, "used") != period->used)
        return "tells another sum";
    *period = (period_t){.count = 0};
    return is_signed(record, key) ? NULL : "is not signed with this key";
}

bool fg_records_hold(const json_t *records, const uint8_t key[FG_PUBLIC_KEY_BYTES])
{
    period_t period = {.count = 0};
    size_t i;
    json_t *record;
    fg_str_t hash = text_of(json_array_get(records, 0), "previousHash");

    json_array_foreach(records, i, record)
    {
        if (!fg_chain_holds(record, hash)) {
            fg_say("record %zu is not as it was closed, or not in its place", i + 1);
            return false;
        }
        const char *fault = fault_of(record, &period, key);
        if (fault) {
            fg_say("record %zu (%.*s) %s", i + 1, FG_STR_ARG(text_of(record, "id")), fault);
            return false;
        }
        hash = fg_chain_hash(record);
    }
    const json_t *last = json_array_get(records, json_array_size(records) - 1);
    if (!fg_str_is(text_of(last, "type"), "export")) {
        fg_say("the last record is missing: the one that is signed");
        return false;
    }
    return true;
}
