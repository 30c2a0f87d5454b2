-- Every scan asked for: the queue, and for a while what became of it, so that a late question or a second delivery finds it.
create table scans (
  push uuid primary key,
  project text not null,
  target text not null,
  digest text,
  platform text,
  -- 0 an admission waits for it, 1 somebody pushed, 2 scheduled.
  priority smallint not null,
  -- Projects take turns: the smallest turn of the best priority is next.
  turn bigint not null,
  state text not null check (state in ('queued', 'running', 'ended', 'cancelled')),
  -- Who runs it: a session that holds the advisory lock of this name. Nobody holds it: the process is dead.
  worker uuid,
  attempt int not null default 0,
  not_before timestamptz not null default now(),
  -- What another is reading right now (`layer:sha256:…`); free again, the scan goes on.
  waits_for text,
  trace jsonb not null,
  queued_at timestamptz not null default now(),
  started_at timestamptz,
  ended_at timestamptz
);
create index scans_next on scans (priority, turn, queued_at) where state = 'queued' and waits_for is null;
create index scans_of_project on scans (project, priority, turn) where state = 'queued';
create index scans_running on scans (worker) where state = 'running';
create index scans_waiting on scans (waits_for) where waits_for is not null;
create index scans_ended on scans (ended_at) where ended_at is not null;

-- Which projects an image belongs to. One that belongs to none is forgotten, after a grace.
create table image_uses (
  digest text not null references images on delete cascade,
  project text not null,
  reference text not null,
  primary key (digest, project)
);

-- Which layers an image is made of: a kept layer that no image has any more goes, after a grace.
create table image_layers (
  digest text not null references images on delete cascade,
  layer text not null,
  primary key (digest, layer)
);
create index image_layers_layer on image_layers (layer);

-- Since when no project has it.
alter table images add column unused_since timestamptz;
create index images_unused on images (unused_since) where unused_since is not null;
-- When it was last said that newer catalogers would read it otherwise.
alter table images add column outdated_said_at timestamptz;
create index images_analyzer on images (analyzer);
alter table layers add column used_at timestamptz not null default now();
create index layers_used_at on layers (used_at);
