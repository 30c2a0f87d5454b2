-- A package that has another name than what it was built from is asked about by both; `named` says what `name` is.
alter table subjects
  add column named text not null default '',
  add column other_name text collate "C" not null default '',
  add column other_version text not null default '';
alter table subjects drop constraint subjects_ecosystem_name_version_module_arch_key;
alter table subjects add constraint subjects_once unique (ecosystem, name, version, module, arch, named, other_name, other_version);
create index subjects_other on subjects (ecosystem, other_name) where other_name <> '';
