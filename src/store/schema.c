/*
 * Each step is SQL that both databases take. It never changes once released; the next change is the
 * next step.
 *
 * BLOB is a domain over BYTEA in PostgreSQL. Unsigned 64-bit words are stored as the signed number
 * of the same bits.
 */
#include "store/schema.h"

static const char *const steps[] = {
    /* 1: keys, plans, pairs, usage, API documents */
    "CREATE TABLE installation (uuid TEXT NOT NULL, secret_check BLOB NOT NULL);"
    "CREATE TABLE counters (name TEXT PRIMARY KEY, value BIGINT NOT NULL);"
    "INSERT INTO counters (name, value) VALUES ('ordinal', 0), ('change', 0);"
    "CREATE TABLE settings (name TEXT PRIMARY KEY, text TEXT NOT NULL);"
    "CREATE TABLE change_log (seq BIGINT PRIMARY KEY, kind BIGINT NOT NULL, id TEXT NOT NULL,"
    " parent TEXT NOT NULL, digest BLOB);"
    "CREATE TABLE api_keys (id TEXT PRIMARY KEY, ordinal BIGINT NOT NULL UNIQUE, digest BLOB NOT "
    "NULL UNIQUE,"
    " sealed BLOB, name TEXT, description TEXT, customer_id TEXT, stage_keys TEXT, tags TEXT,"
    " is_enabled BIGINT NOT NULL, created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL);"
    "CREATE INDEX api_keys_by_name ON api_keys (name, ordinal);"
    "CREATE TABLE usage_plans (id TEXT PRIMARY KEY, ordinal BIGINT NOT NULL UNIQUE, name TEXT, "
    "description TEXT,"
    " product_code TEXT, tags TEXT, rate_limit DOUBLE PRECISION, burst_limit BIGINT, quota_limit "
    "BIGINT,"
    " quota_offset BIGINT, quota_period BIGINT);"
    "CREATE TABLE plan_stages (plan_id TEXT NOT NULL REFERENCES usage_plans (id), position BIGINT "
    "NOT NULL,"
    " api_id TEXT NOT NULL, stage_name TEXT NOT NULL, throttle TEXT, PRIMARY KEY (plan_id, "
    "position),"
    " UNIQUE (api_id, stage_name, plan_id));"
    "CREATE TABLE plan_keys (plan_id TEXT NOT NULL REFERENCES usage_plans (id),"
    " key_id TEXT NOT NULL REFERENCES api_keys (id), ordinal BIGINT NOT NULL, PRIMARY KEY "
    "(plan_id, key_id));"
    "CREATE INDEX plan_keys_by_plan ON plan_keys (plan_id, ordinal);"
    "CREATE INDEX plan_keys_by_key ON plan_keys (key_id, plan_id);"
    "CREATE TABLE usage (plan_id TEXT NOT NULL, key_id TEXT NOT NULL, day BIGINT NOT NULL, used "
    "BIGINT NOT NULL,"
    " remaining BIGINT, PRIMARY KEY (plan_id, key_id, day));"
    "CREATE TABLE ledger (plan_id TEXT NOT NULL, key_id TEXT NOT NULL, quota_word BIGINT NOT NULL,"
    " extension_word BIGINT NOT NULL, PRIMARY KEY (plan_id, key_id));"
    "CREATE TABLE documents (kind BIGINT NOT NULL, api_id TEXT NOT NULL, id TEXT NOT NULL, "
    "parent_id TEXT NOT NULL,"
    " ordinal BIGINT NOT NULL, json TEXT NOT NULL, PRIMARY KEY (kind, api_id, id));"
    "CREATE INDEX documents_by_age ON documents (kind, api_id, ordinal);"
    "CREATE INDEX documents_by_parent ON documents (kind, api_id, parent_id, ordinal);"
    "CREATE TABLE credentials (access_key_id TEXT PRIMARY KEY, sealed BLOB NOT NULL);",

    /* 2: keys of one customer are found without reading all */
    "CREATE INDEX api_keys_by_customer ON api_keys (customer_id, ordinal);",

    /* 3: grants, extension members, further values of a key, customers, usage by minute, audit,
     * alerts, exports */
    "ALTER TABLE ledger ADD COLUMN granted_word BIGINT NOT NULL DEFAULT 0;"
    "ALTER TABLE ledger ADD COLUMN left_ordinal BIGINT NOT NULL DEFAULT 0;"
    "ALTER TABLE api_keys ADD COLUMN extension TEXT;"
    "ALTER TABLE api_keys ADD COLUMN last_used_minute BIGINT NOT NULL DEFAULT 0;"
    "ALTER TABLE usage_plans ADD COLUMN extension TEXT;"
    "CREATE TABLE key_values (digest BLOB PRIMARY KEY, key_id TEXT NOT NULL REFERENCES api_keys "
    "(id),"
    " sealed BLOB, created_at BIGINT NOT NULL, expires_at BIGINT NOT NULL,"
    " last_used_minute BIGINT NOT NULL DEFAULT 0);"
    "CREATE INDEX key_values_by_key ON key_values (key_id);"
    "CREATE INDEX key_values_by_end ON key_values (expires_at);"
    "CREATE TABLE customers (number BIGINT PRIMARY KEY, customer_id TEXT NOT NULL UNIQUE);"
    "INSERT INTO customers (number, customer_id) SELECT ROW_NUMBER() OVER (ORDER BY customer_id),"
    " customer_id FROM (SELECT DISTINCT customer_id FROM api_keys WHERE customer_id <> '') named;"
    "INSERT INTO counters (name, value) SELECT 'customer', COUNT(*) FROM customers;"
    "INSERT INTO counters (name, value) VALUES ('audit', 0), ('outbox', 0), ('export', 0);"
    "CREATE TABLE usage_minutes (plan_id TEXT NOT NULL, key_id TEXT NOT NULL, minute BIGINT NOT "
    "NULL,"
    " admitted BIGINT NOT NULL, throttled BIGINT NOT NULL, over_quota BIGINT NOT NULL,"
    " status_none BIGINT NOT NULL DEFAULT 0, status_1xx BIGINT NOT NULL DEFAULT 0,"
    " status_2xx BIGINT NOT NULL DEFAULT 0, status_3xx BIGINT NOT NULL DEFAULT 0,"
    " status_4xx BIGINT NOT NULL DEFAULT 0, status_5xx BIGINT NOT NULL DEFAULT 0,"
    " meter BIGINT NOT NULL DEFAULT 0, PRIMARY KEY (plan_id, key_id, minute));"
    "CREATE TABLE refusal_minutes (api_id TEXT NOT NULL, stage_name TEXT NOT NULL, minute BIGINT "
    "NOT "
    "NULL,"
    " outcome TEXT NOT NULL, requests BIGINT NOT NULL, PRIMARY KEY (api_id, stage_name, minute, "
    "outcome));"
    "CREATE TABLE audit (number BIGINT PRIMARY KEY, at BIGINT NOT NULL, access_key_id TEXT NOT "
    "NULL,"
    " operation TEXT NOT NULL, request_id TEXT NOT NULL, subject TEXT NOT NULL, before TEXT, after "
    "TEXT);"
    "CREATE TABLE alerts (plan_id TEXT NOT NULL, key_id TEXT NOT NULL, start_day BIGINT NOT NULL,"
    " threshold BIGINT NOT NULL, fired_at BIGINT NOT NULL, PRIMARY KEY (plan_id, key_id, "
    "start_day, "
    "threshold));"
    "CREATE TABLE outbox (number BIGINT PRIMARY KEY, id TEXT NOT NULL UNIQUE, url TEXT NOT NULL,"
    " body TEXT NOT NULL, created_at BIGINT NOT NULL, next_at BIGINT NOT NULL, attempts BIGINT NOT "
    "NULL,"
    " delivered_at BIGINT, last_error TEXT);"
    "CREATE INDEX outbox_due ON outbox (next_at) WHERE delivered_at IS NULL;"
    "CREATE TABLE exports (number BIGINT PRIMARY KEY, plan_id TEXT NOT NULL, start_day BIGINT NOT "
    "NULL,"
    " end_day BIGINT NOT NULL, records TEXT NOT NULL, record_count BIGINT NOT NULL, hash TEXT NOT "
    "NULL,"
    " previous_hash TEXT NOT NULL, signature TEXT NOT NULL, closed_at BIGINT NOT NULL,"
    " UNIQUE (plan_id, start_day));",

    /* 4: roles of credentials, creates that may be repeated, imports that go on where they ended */
    "ALTER TABLE credentials ADD COLUMN role TEXT NOT NULL DEFAULT 'admin';"
    "ALTER TABLE credentials ADD COLUMN name TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE credentials ADD COLUMN created_at BIGINT NOT NULL DEFAULT 0;"
    "CREATE TABLE client_tokens (access_key_id TEXT NOT NULL, token TEXT NOT NULL, request BLOB "
    "NOT NULL,"
    " sealed BLOB NOT NULL, is_value_withheld BIGINT NOT NULL, expires_at BIGINT NOT NULL,"
    " PRIMARY KEY (access_key_id, token));"
    "CREATE INDEX client_tokens_by_end ON client_tokens (expires_at);"
    "CREATE TABLE imports (id TEXT PRIMARY KEY, access_key_id TEXT NOT NULL, started_at BIGINT NOT "
    "NULL,"
    " updated_at BIGINT NOT NULL, bytes_done BIGINT NOT NULL, rows_done BIGINT NOT NULL,"
    " rows_made BIGINT NOT NULL, rows_replaced BIGINT NOT NULL, rows_refused BIGINT NOT NULL,"
    " rows_warned BIGINT NOT NULL);"
    "ALTER TABLE audit ADD COLUMN is_denied BIGINT NOT NULL DEFAULT 0;"
    "CREATE INDEX audit_by_subject ON audit (subject, number);"
    "CREATE TABLE private_keys (kind BIGINT NOT NULL, id TEXT NOT NULL, sealed BLOB NOT NULL,"
    " PRIMARY KEY (kind, id));",
};

_Static_assert(FG_COUNT_OF(steps) == FG_SCHEMA_VERSION, "one step per version");

static fg_status_t read_version(fg_db_t *db, int64_t *ret_version, fg_error_t *reterr)
{
    fg_status_t status = fg_db_exec(
        db, "CREATE TABLE IF NOT EXISTS schema_version (version BIGINT NOT NULL)", reterr);
    if (status != FG_OK)
        return status;
    fg_stmt_t *stmt = fg_db_prepare(db, "SELECT version FROM schema_version");
    bool has_row;
    status = fg_db_step(stmt, &has_row, reterr);
    if (status == FG_OK)
        *ret_version = has_row ? fg_db_column_i64(stmt, 0) : 0;
    fg_db_finish(stmt);
    return status;
}

static fg_status_t write_version(fg_db_t *db, bool is_new, fg_error_t *reterr)
{
    fg_stmt_t *stmt = fg_db_prepare(db, is_new ? "INSERT INTO schema_version (version) VALUES (?1)"
                                               : "UPDATE schema_version SET version = ?1");
    fg_db_bind_i64(stmt, 1, FG_SCHEMA_VERSION);
    return fg_db_run(stmt, NULL, reterr);
}

fg_status_t fg_schema_migrate(fg_db_t *db, bool *ret_is_new, fg_error_t *reterr)
{
    FG_ASSERT(fg_db_in_transaction(db));
    int64_t version;
    fg_status_t status = read_version(db, &version, reterr);
    if (status != FG_OK)
        return status;
    if (version > FG_SCHEMA_VERSION)
        return fg_error_set(
            reterr, FG_NEWER, "",
            "the database has schema version %lld and this Faregate knows up to %d: "
            "start the newer Faregate that wrote it",
            (long long)version, FG_SCHEMA_VERSION);
    if (version < 0)
        return fg_error_set(reterr, FG_CORRUPT, "", "the database has the schema version %lld",
                            (long long)version);
    for (int64_t step = version; status == FG_OK && step < FG_SCHEMA_VERSION; step++)
        status = fg_db_exec(db, steps[step], reterr);
    if (status == FG_OK && version < FG_SCHEMA_VERSION)
        status = write_version(db, version == 0, reterr);
    if (status == FG_OK)
        *ret_is_new = version == 0;
    return status;
}
