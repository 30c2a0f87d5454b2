-- Covered by whom: an ecosystem is covered while some source has it completely, and a stray record or a private advisory
-- covers nothing. Rows from before have no source; the service replaces them when it starts.
alter table covered_ecosystems drop constraint covered_ecosystems_pkey;
alter table covered_ecosystems add column source text not null default '';
alter table covered_ecosystems add primary key (ecosystem, source);
