-- Who wants to hear of what, and where.
create table subscriptions (
  id uuid primary key,
  project text not null,
  name text not null,
  filter jsonb not null,
  channel jsonb not null,
  -- What shares a concurrency limit: host and port of the webhook, or 'smtp'.
  receiver text not null,
  -- `whsec_…`, or sealed; see src/sealing.ts. Null for e-mail.
  secret text,
  previous_secret text,
  previous_secret_until timestamptz(3),
  paused boolean not null default false,
  created_at timestamptz(3) not null default now());
create index subscriptions_of_project on subscriptions (project, created_at, id);

-- One thing to send to one subscription, and its receipt. Its id is the webhook-id.
create table deliveries (
  id uuid primary key default gen_random_uuid(),
  subscription uuid not null references subscriptions on delete cascade,
  project text not null,
  receiver text not null,
  event_id text not null,
  event_type text not null,
  -- The CloudEvent, kept as the text it is sent as: every attempt sends the same bytes.
  event json not null,
  trace jsonb not null,
  push uuid,
  reference text,
  digest text,
  state text not null default 'waiting' check (state in ('waiting', 'delivered', 'dead')),
  attempts integer not null default 0,
  next_attempt_at timestamptz(3) not null default now(),
  -- Whoever sends it right now, and until when that is believed.
  lease uuid,
  leased_until timestamptz(3),
  last_answer text,
  delivered_at timestamptz(3),
  created_at timestamptz(3) not null default now(),
  unique (event_id, subscription));
create index deliveries_due on deliveries (next_attempt_at) where state = 'waiting';
create index deliveries_of_project on deliveries (project, created_at desc, id desc);
create index deliveries_of_subscription on deliveries (subscription, created_at desc, id desc);
