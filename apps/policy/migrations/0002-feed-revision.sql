-- The newest feed revision heard of: one row.
create table feed_revision (
  one boolean primary key check (one),
  number integer not null,
  published_at timestamptz(3) not null);
