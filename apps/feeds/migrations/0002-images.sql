-- What advisories are asked about: a package version as the advisories name it. Its findings are here once, however many images have it.
create table subjects (
  id bigint generated always as identity primary key,
  ecosystem text collate "C" not null,
  name text collate "C" not null,
  version text not null,
  module text not null default '',
  arch text not null default '',
  -- Order-preserving version key of @plimsoll/versions; null when the version cannot be read.
  key bytea,
  unique (ecosystem, name, version, module, arch)
);

-- A package as an inventory shows it. `subject` is null when another package answers for it or nobody can (`uncovered` says why).
create table packages (
  id bigint generated always as identity primary key,
  purl text collate "C" not null,
  name text not null,
  version text not null,
  type text not null,
  subject bigint references subjects,
  -- The ecosystem that must be covered for the package to be covered.
  ecosystem text collate "C",
  uncovered text,
  identity text not null unique
);
create index packages_subject on packages (subject);
create index packages_ecosystem on packages (ecosystem);

-- Packages that always come together: the database of an operating system, the applications of one layer. Shared by every image that has them.
create table package_sets (
  id bigint generated always as identity primary key,
  digest bytea not null unique
);
create table set_packages (
  set bigint not null references package_sets,
  package bigint not null references packages,
  primary key (set, package)
);
create index set_packages_package on set_packages (package, set);

create table images (
  id bigint generated always as identity primary key,
  project text not null,
  digest text not null,
  reference text not null,
  platform text,
  os jsonb,
  configuration jsonb not null,
  packages int not null,
  problems int not null,
  inventory jsonb not null,
  matched_revision int not null,
  unique (project, digest)
);
create table image_sets (
  image bigint not null references images,
  set bigint not null references package_sets,
  primary key (image, set)
);
create index image_sets_set on image_sets (set, image);

-- One problem of one subject between two revisions; `valid_to` null: it holds now. `judgement` is the finding without its package.
create table findings (
  id bigint generated always as identity primary key,
  subject bigint not null references subjects,
  vulnerability text not null,
  state text not null,
  severity smallint not null,
  score real,
  fixable boolean not null,
  judgement jsonb not null,
  valid_from int not null,
  valid_to int
);
create index findings_now on findings (subject) where valid_to is null;
create index findings_history on findings (subject, valid_to);
create index findings_vulnerability on findings (vulnerability) where valid_to is null;

-- Images that a revision touched and whose subscribers have not been told yet.
create table rematches (
  image bigint primary key references images,
  revision int not null
);
