-- Every record of every source as of the current revision. `head` is the record without its affected entries.
create table advisories (
  source text not null,
  key text not null,
  hash text not null,
  head jsonb not null,
  primary key (source, key)
);

-- What a record says of one package: matching looks here, by (ecosystem, name).
create table affected (
  ecosystem text collate "C" not null,
  name text collate "C" not null,
  source text not null,
  key text not null,
  entry jsonb not null
);
create index affected_name on affected (ecosystem, name);
create index affected_record on affected (source, key);

-- Ecosystems that some source speaks of: a package of another one is "not covered", which is not "clean".
create table covered_ecosystems (ecosystem text collate "C" primary key);

-- One row per publication; a revision is one transaction.
create table revisions (
  number int primary key,
  published_at timestamptz not null default now(),
  changes jsonb not null,
  touched_images int not null
);

create table sources (
  source text primary key,
  advisories int not null default 0,
  kept_aside int not null default 0,
  revision int,
  state text not null default 'never',
  problem text,
  -- Validators of the last good answer, per address.
  validators jsonb not null default '{}',
  updated_at timestamptz,
  checked_at timestamptz
);

-- Records that could not be read, with their first bytes, until the next ingest of their source.
create table kept_aside (
  source text not null,
  record text not null,
  code text not null,
  detail text not null,
  excerpt text not null
);
create index kept_aside_source on kept_aside (source);

-- An ingest under way. Unlogged: after a crash it is simply done again.
create unlogged table staged (
  ingest uuid not null,
  key text not null,
  hash text not null,
  head jsonb not null,
  affected jsonb not null
);
create index staged_key on staged (ingest, key);

create unlogged table changed_records (
  ingest uuid not null,
  key text not null,
  added boolean not null,
  removed boolean not null,
  primary key (ingest, key)
);
create unlogged table touched_names (
  ingest uuid not null,
  ecosystem text collate "C" not null,
  name text collate "C" not null,
  primary key (ingest, ecosystem, name)
);
