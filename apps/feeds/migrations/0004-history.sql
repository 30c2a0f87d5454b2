-- Records live from one revision to another: what a revision replaces is closed, not deleted, until retention prunes it.
-- An ingest writes its rows straight into these tables, inside the transaction that makes them a revision, with ids of its
-- own stretch: ingest * 2^23 + n. Texts are kept as they were read; nothing is asked inside them.
create sequence ingests as bigint;

drop index affected_name, affected_record;
alter table advisories drop constraint advisories_pkey;
alter table advisories add column id bigint generated always as identity primary key;
alter table advisories alter column id drop identity;
alter table advisories
  alter column head type text using head::text,
  -- The first half of a SHA-256 over head and entries: the next ingest writes the whole, so what is here differs from it once.
  alter column hash type bytea using substring(convert_to(hash, 'UTF8') for 16),
  -- Of the file as published, together with the code that reads it: a file read already is not read again.
  add column raw bytea,
  -- Position in the order of severities, for the summary of a revision.
  add column severity smallint not null default 4,
  add column valid_from int not null default 0,
  -- Null: it holds now.
  add column valid_to int;
alter table affected
  alter column entry type text using entry::text,
  add column advisory bigint,
  -- Position in its record.
  add column place int not null default 0;
update affected f set advisory = a.id from advisories a where a.source = f.source and a.key = f.key;
delete from affected where advisory is null;
alter table affected alter column advisory set not null, drop column source, drop column key;
create index advisories_now on advisories (source, key) where valid_to is null;
create index advisories_from on advisories (valid_from);
create index advisories_gone on advisories (valid_to) where valid_to is not null;
create index affected_name on affected (ecosystem, name) include (advisory);
create index affected_advisory on affected (advisory);

-- What sources add to a CVE, whatever it is found in; and what suppliers say of a vulnerability in their products.
create table enrichments (
  id bigint primary key,
  source text not null,
  -- The CVE.
  key text collate "C" not null,
  hash bytea not null,
  raw bytea,
  body text not null,
  valid_from int not null,
  valid_to int
);
create index enrichments_now on enrichments (source, key) where valid_to is null;
create index enrichments_key on enrichments (key);
create index enrichments_from on enrichments (valid_from);
create index enrichments_gone on enrichments (valid_to) where valid_to is not null;

create table statements (
  id bigint primary key,
  source text not null,
  key text collate "C" not null,
  hash bytea not null,
  raw bytea,
  -- Every name it gives the vulnerability.
  names text[] not null,
  body text not null,
  valid_from int not null,
  valid_to int
);
create index statements_now on statements (source, key) where valid_to is null;
create index statements_names on statements using gin (names);
create index statements_from on statements (valid_from);
create index statements_gone on statements (valid_to) where valid_to is not null;

-- How many records a source has of each ecosystem now, and who covered what from which revision to which.
create table source_ecosystems (
  source text not null,
  ecosystem text collate "C" not null,
  records int not null,
  primary key (source, ecosystem)
);
insert into source_ecosystems select a.source, f.ecosystem, count(distinct a.id) from advisories a join affected f on f.advisory = a.id group by 1, 2;
alter table covered_ecosystems rename to coverage;
alter table coverage drop constraint covered_ecosystems_pkey;
alter table coverage add column valid_from int not null default 0, add column valid_to int;
create index coverage_now on coverage (ecosystem) where valid_to is null;
create view covered_ecosystems as select distinct ecosystem from coverage where valid_to is null;

-- Raised by every ingest of the source: two at the same time are told apart by it.
alter table sources add column ingest bigint not null default 0;
alter table sources add column canaries jsonb not null default '[]';

-- A feed that was not believed, for whoever looks into it; the newest few of each source.
create table refusals (
  id bigint generated always as identity primary key,
  source text not null,
  refused_at timestamptz not null default now(),
  code text not null,
  detail text not null,
  -- What it would have changed, as far as it was read; the event of a revision has the same words.
  change jsonb,
  kept_aside int not null,
  -- The files that were fetched, on the disk of the service.
  files text
);
create index refusals_source on refusals (source, id);

-- The oldest revision that can still be asked "as of".
create table retention (one boolean primary key default true check (one), oldest int not null);
insert into retention (oldest) values (0);

-- CVEs that an ingest of enrichments or statements touched, as touched_names; empty between transactions.
create unlogged table touched_cves (
  ingest uuid not null,
  cve text collate "C" not null,
  primary key (ingest, cve)
);

drop table staged, changed_records;
