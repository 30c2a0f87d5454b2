-- Base images a project approved, by the digest of their chain of layers: what an image says of itself proves nothing.
create table bases (
  project text not null,
  id text not null,
  name text not null,
  digest text,
  platform text,
  layers text[] not null,
  added_at timestamptz not null default now(),
  primary key (project, id)
);
