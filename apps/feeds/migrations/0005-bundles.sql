-- Which platform this is, for bundles made here; and which revisions of others were taken in.
create table platform (one boolean primary key default true check (one), id uuid not null default gen_random_uuid());
insert into platform default values;

create table origins (
  platform uuid primary key,
  revision int not null,
  made_at timestamptz not null,
  key_id text not null,
  imported_at timestamptz not null default now()
);

-- Files of the current revision that were asked for, in the object store.
create table hand_outs (
  kind text primary key,
  revision int not null,
  digest text not null,
  size bigint not null,
  made_at timestamptz not null default now()
);

-- When it was last looked at with success; `checked_at` is the last look whatever came of it.
alter table sources add column good_at timestamptz;
update sources set good_at = checked_at where state = 'ok';

-- Looks in a row that failed: the next one waits twice as long.
alter table sources add column failures int not null default 0;
