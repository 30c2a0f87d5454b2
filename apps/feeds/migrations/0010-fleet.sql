-- What the records of the fleet's names say, ready to compare: a stretch of version keys and the finding it makes when no
-- other record speaks of the same problem. `meets`: only the matcher can tell (single versions, modules, unreadable bounds).
create table answers (
  ecosystem text collate "C" not null,
  name text collate "C" not null,
  -- The first key it holds for, '' from the first version on; and the first it no longer holds for, null without end.
  lower bytea not null,
  upper bytea,
  meets boolean not null,
  -- The record names no CVE: records that share its names may be about the same problem.
  nameless boolean not null,
  vulnerability text collate "C" not null,
  -- Every name the record has for the problem.
  names text[] not null,
  state text not null,
  severity text not null,
  score real,
  fix_state text not null,
  fixed_version text,
  published text
);
create index answers_name on answers (ecosystem, name);
create index answers_names on answers using gin (names);

-- Names whose records are in `answers`: those of the subjects.
create table answered_names (
  ecosystem text collate "C" not null,
  name text collate "C" not null,
  primary key (ecosystem, name)
);

-- Which matcher made the answers; another one judges the fleet again at its first start.
create table matchers (one boolean primary key default true check (one), version text not null);

-- One problem of one subject from one revision to another; `valid_to` null: it holds now. Its words are made from the
-- advisories of its revision when somebody asks. Rows are judged anew by the next start of the service.
drop table findings;
create table findings (
  subject bigint not null references subjects,
  vulnerability text collate "C" not null,
  state text not null,
  severity text not null,
  score real,
  fix_state text not null,
  fixed_version text,
  published text,
  -- Not counted: the CVE was taken back.
  rejected boolean not null default false,
  valid_from int not null,
  valid_to int,
  -- Since when it is known here, and since when its repair is.
  first_seen timestamptz not null,
  fix_seen timestamptz,
  -- Opened because a revision spoke of it, not because its package was new here.
  by_revision boolean not null
);
create index findings_subject on findings (subject, valid_to);
create index findings_vulnerability on findings (vulnerability, valid_to);
create index findings_closed on findings (valid_to) where valid_to is not null;
create index findings_opened on findings (valid_from);

-- What enrichments add to a finding: a score where advisories have none, and whether to worry.
create table ratings (
  cve text collate "C" primary key,
  score real,
  severity text not null,
  rejected boolean not null,
  kev boolean not null,
  epss real
);

alter table images add column indexed_at timestamptz not null default now();
