-- VEX documents people gave a project; applied to its findings when they are read. A removed one stays as a line of who did what.
create table vex_documents (
  id uuid primary key default gen_random_uuid(),
  project text not null,
  name text not null,
  format text not null,
  digest text not null,
  statements int not null,
  added_by text not null,
  added_at timestamptz not null default now(),
  removed_by text,
  removed_at timestamptz
);
create unique index vex_documents_once on vex_documents (project, digest) where removed_at is null;
create index vex_documents_listed on vex_documents (project, added_at, id);

create table vex_statements (
  document uuid not null references vex_documents on delete cascade,
  -- Every name it gives the vulnerability.
  names text[] not null,
  body jsonb not null
);
create index vex_statements_document on vex_statements (document);
create index answers_vulnerability on answers (vulnerability);
