-- What is inside each image: where the inventory document is. True for ever, so a row is only ever replaced by one of newer catalogers.
create table images (
  digest text primary key,
  platform text,
  inventory jsonb not null,
  os jsonb,
  configuration jsonb not null,
  packages int not null,
  problems int not null,
  analyzer text not null,
  indexed_at timestamptz not null default now()
);

-- What one cataloger found in one layer, by content: (layer digest, cataloger@version). Compressed JSON.
create table layer_results (
  layer text not null,
  cataloger text not null,
  result bytea not null,
  primary key (layer, cataloger)
);

-- What a layer is whatever catalogers think of it: digests, whiteouts, paths, problems of reading.
create table layers (
  digest text primary key,
  reading bytea not null,
  read_at timestamptz not null default now()
);
