"""Three years of a great service as statements of PostgreSQL, which makes the rows itself, by table.

People, payments and alerts come evenly over the years; each payment bought a term of a month or a year and
moved money on two sides of the ledger. Rows are as narrow as the tables permit.
"""

_AT = "timestamptz '{now}' - interval '1095 days'"
_NAMES = """
INSERT INTO users (id, telegram_id, first_name, username, name_key, username_key, locale, currency, time_zone,
  state, created_at, last_seen_at, plan, allowed_watches, check_every_seconds, requests_per_minute, features,
  checked_first, email, email_verified_at, email_code_tries, email_codes, hears_broadcasts)
SELECT n, 10000000 + n, 'Person ' || n * 7919 % 1000003, 'someone_' || n, 'person ' || n * 7919 % 1000003,
  'someone_' || n, 'en', 'INR',
  'Asia/Kolkata',
  CASE WHEN n % 20 = 0 THEN 'blocked' WHEN n % 97 = 0 THEN 'deactivated' WHEN n % 9973 = 0 THEN 'suspended'
    ELSE 'active' END,
"""

HISTORY: dict[str, list[str]] = {
    "users": [
        _NAMES
        + f"""
  {_AT} + interval '1095 days' * (n::float / {{people}}),
  timestamptz '{{now}}' - interval '1 hour' * ((n * 7919::bigint) % 4000),
  CASE WHEN n % 5 < 3 THEN 'free' WHEN n % 5 = 3 THEN 'starter'
  WHEN n % 50 = 4 THEN 'business' ELSE 'pro' END,
  50, 14400, 60, '[]', false,
  CASE WHEN n % 3 = 0 THEN 'p' || n || '@example.com' END,
  CASE WHEN n % 6 = 0 THEN timestamptz '{{now}}' END, 0, 0, true
FROM generate_series(1::bigint, {{people}}) AS n"""
    ],
    "stores": [
        """
INSERT INTO stores (code, blocks, told_user_id) SELECT 'store' || n, 0, 0
FROM generate_series(0, 1999) AS n"""
    ],
    "listings": [
        f"""
INSERT INTO listings (id, url, store, title, availability, outcome, failures, gone_days, next_check_at,
  created_at, check_every_seconds, checked_first, watchers, promise_at, is_near_target, changes, change_days,
  needs_browser, price_minor, currency)
SELECT n, 'https://store/' || n, 'store' || CASE WHEN n % 10 = 0 THEN 0 ELSE (n * 31) % 2000 END,
  'Thing ' || n || ' kettle ' || n % 977, 'in_stock', 'offer', 0, 0,
  timestamptz '{{now}}' + interval '1 hour',
  {_AT} + interval '1095 days' * (n::float / {{listings}}), 14400, false, 10,
  timestamptz '{{now}}' + interval '1 minute' * (n % 240 - 1), false, 0, 0, false, 100 * n, 'INR'
FROM generate_series(1, {{listings}}) AS n"""
    ],
    "watches": [
        f"""
INSERT INTO watches (id, user_id, listing_id, number, chat_id, state, created_at, is_always_at_once,
  is_only_new)
SELECT n, (n - 1) / 10 + 1, ((n - 1) / 10 * 7 + (n % 10) * 101) % {{listings}} + 1, n % 10 + 1, 10000000,
  'active',
  {_AT}, false, false
FROM generate_series(1::bigint, {{watches}}) AS n"""
    ],
    "subscriptions": [
        """
INSERT INTO subscriptions (id, user_id, plan, period, state, paid_until, is_frozen, due_at)
SELECT n, n, CASE WHEN n % 5 = 0 THEN 'free' WHEN n % 5 < 3 THEN 'starter'
  WHEN n % 25 = 3 THEN 'business' ELSE 'pro' END,
  'month', CASE WHEN n % 5 = 0 THEN 'lapsed' WHEN n % 50 = 1 THEN 'trial'
  WHEN n % 100 = 3 THEN 'grace' ELSE 'active' END,
  timestamptz '{now}' + interval '1 day', false, timestamptz '{now}' + interval '1 day'
FROM generate_series(1, {subscribed}) AS n"""
    ],
    "payments": [
        f"""
INSERT INTO payments (id, provider, provider_id, user_id, amount_minor, refunded_minor, currency, state,
  held_because, created_at, captured_at)
SELECT n, 'razorpay', 'pay_' || n, (n * 7) % {{subscribed}} + 1, 29900, 0, 'INR', 'captured',
  CASE WHEN n % 9973 = 0 THEN 'amount' END, at, at
FROM (SELECT n, {_AT} + interval '1095 days' * (n::float / {{payments}}) AS at
  FROM generate_series(1::bigint, {{payments}}) AS n) AS made"""
    ],
    "terms": [
        """
INSERT INTO terms (id, user_id, plan, period, source, payment_id, key, starts_at, ends_at, value_minor,
  price_minor, currency, state, created_at)
SELECT id, user_id, 'pro', CASE WHEN id % 11 = 0 THEN 'year' ELSE 'month' END, 'payment', id, 'p:' || id,
  captured_at, captured_at + CASE WHEN id % 11 = 0 THEN interval '365 days' ELSE interval '30 days' END,
  amount_minor, amount_minor, 'INR', CASE WHEN id % 40 = 0 THEN 'credited' WHEN id % 99 = 0 THEN 'revoked'
  ELSE 'standing' END, captured_at
FROM payments""",
        """
INSERT INTO terms (id, user_id, plan, source, key, starts_at, ends_at, value_minor, price_minor, currency,
  state, created_at)
SELECT {payments} + n, n, 'pro', 'trial', 't:' || n, at, at + interval '7 days', 0, 0, 'INR', 'standing', at
FROM (SELECT n, timestamptz '{now}' - interval '1 minute' * n AS at
  FROM generate_series(1, {subscribed} / 2) AS n)
  AS made""",
    ],
    "ledger_entries": [
        """
INSERT INTO ledger_entries (id, posting, account, user_id, amount_minor, currency, created_at)
SELECT 2 * id + side, 'p' || id, CASE side WHEN 0 THEN 'sales' ELSE 'provider:razorpay' END, user_id,
  CASE side WHEN 0 THEN -amount_minor ELSE amount_minor END, 'INR', captured_at
FROM payments, generate_series(0, 1) AS side"""
    ],
    "refunds": [
        """
INSERT INTO refunds (id, payment_id, amount_minor, currency, state, reason, attempts, created_at, settled_at)
SELECT id, id, 9900, 'INR', 'processed', '', 0, captured_at, captured_at FROM payments WHERE id % 100 = 0"""
    ],
    "alerts": [
        """
INSERT INTO alerts (id, watch_id, observation_id, chat_id, reasons, observed_at, state, due_at, attempts)
SELECT n, n, n, 10000000 + n % {people}, '[]', at,
  CASE WHEN n % 5003 = 0 THEN 'dead' WHEN n % 50 = 0 THEN 'held' WHEN n % 701 = 0 THEN 'cancelled'
    WHEN n > {alerts} - 20000 AND n % 4 = 0 THEN 'due'
  WHEN n > {alerts} - 20 THEN 'sending' ELSE 'sent' END, at, 1
FROM (SELECT n, timestamptz '{now}' - interval '20 days' * (1 - n::float / {alerts}) AS at
  FROM generate_series(1, {alerts}) AS n) AS made"""
    ],
    "notices": [
        """
INSERT INTO notices (id, key, chat_id, kind, details, state, created_at, due_at, attempts)
SELECT n, 'k' || n, 10000000 + n, 'plan_begun', '{{}}', CASE WHEN n % 200 = 0 THEN 'due' ELSE 'sent' END,
  timestamptz '{now}', timestamptz '{now}' - interval '1 minute', 0
  FROM generate_series(1, {people} / 2) AS n"""
    ],
    "check_tallies": [
        """
INSERT INTO check_tallies (hour, store, outcome, checks, drops, milliseconds)
SELECT date_trunc('hour', timestamptz '{now}') - interval '1 hour' * hour, 'store' || store, outcome, 100,
  1, 50000
FROM generate_series(0, 71) AS hour, generate_series(0, 1999) AS store,
  unnest(ARRAY['offer', 'unchanged', 'bot_wall', 'timeout']) AS outcome"""
    ],
    "missed_promises": [
        """
INSERT INTO missed_promises (id, listing_id, store, plan, promised_at)
SELECT n, n % {listings} + 1, 'store1', 'pro', timestamptz '{now}' - interval '1 minute' * (n % 40000)
FROM generate_series(1, {people} / 5) AS n"""
    ],
    "audit_entries": [
        """
INSERT INTO audit_entries (id, at, by, role, door, action, subject, details)
SELECT n, timestamptz '{now}' - interval '1 minute' * n, n % 7, 'owner', 'chat',
  CASE WHEN n % 3 = 0 THEN 'gift_days' ELSE 'note_user' END, 'user:' || n % 1000, '{{}}'
FROM generate_series(1, {people} / 5) AS n"""
    ],
}
"""The rows of each table; `{people}` and the other sizes are filled in."""
