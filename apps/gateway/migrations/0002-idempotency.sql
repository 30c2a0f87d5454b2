-- Answers given under an Idempotency-Key, for 24 hours. `key` is a hash; `answer` is sealed with a key made from the caller's own,
-- so that the table alone reveals neither tokens nor anything else that was answered. No answer yet: still in flight.
create table idempotency (
  key bytea primary key,
  request bytea not null,
  answer bytea,
  started_at timestamptz not null default now()
);
create index idempotency_started_at on idempotency (started_at);
