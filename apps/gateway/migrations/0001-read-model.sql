-- One row per push: the operation that people poll.
create table pushes (
  id uuid primary key,
  project text not null,
  target text not null,
  platform text,
  digest text,
  submitted_by text not null,
  trace_id text,
  created_at timestamptz not null default now(),
  indexed_at timestamptz,
  matched_at timestamptz,
  judged_at timestamptz,
  rejected_at timestamptz,
  problem jsonb,
  decision text,
  notifications int not null default 0
);
create index pushes_of_image on pushes (project, digest);
create index pushes_of_target on pushes (project, target, created_at);

-- One row per image, by digest; an image rejected before its digest was known goes by its target until that target is indexed.
-- Events come in any order: push times, revisions and decision times say which of two facts is newer.
create table images (
  project text not null,
  name text not null,
  digest text,
  reference text not null,
  platform text,
  os jsonb,
  packages int,
  problems int,
  indexed_push_at timestamptz,
  rejected_push_at timestamptz,
  problem jsonb,
  revision bigint,
  summary jsonb,
  decision text,
  decided_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  state text not null generated always as (case
    when rejected_push_at is not null and (indexed_push_at is null or rejected_push_at > indexed_push_at) then 'rejected'
    when decision is not null then 'judged'
    when revision is not null then 'matched'
    else 'indexed' end) stored,
  primary key (project, name)
);
create index images_newest on images (project, created_at desc, name desc);
create index images_by_reference on images (project, reference, name);

-- What happened, in the order of the project's clock. The clock's row is locked until commit, so that an event with a
-- smaller number never appears after a larger one and a reader who remembers a number has seen all before it.
create table project_clocks (project text primary key, last bigint not null);
create table image_events (
  project text not null,
  seq bigint not null,
  push uuid,
  digest text,
  event jsonb not null,
  at timestamptz not null default now(),
  primary key (project, seq)
);
create index image_events_of_image on image_events (project, digest, seq);
create index image_events_of_push on image_events (project, push, seq);
create index image_events_at on image_events (at);

-- The newest feed revision heard of.
create table feed_revision (one boolean primary key default true check (one), revision bigint not null, published_at timestamptz not null);
