-- Pushes that were cancelled, and how urgent each was.
alter table pushes add column priority text not null default 'push';
alter table pushes add column cancelled_at timestamptz;
alter table pushes add column why text;
create index pushes_newest on pushes (project, created_at desc, id desc);
create index pushes_open on pushes (project, created_at desc, id desc) where judged_at is null and rejected_at is null and cancelled_at is null;

-- When an admission last asked for the image: what runs is not forgotten by a rule.
alter table images add column admitted_at timestamptz;

-- Images that were forgotten, by digest or target: an event of a push before it is late news, and is answered by forgetting again.
create table forgotten_images (
  project text not null,
  name text not null,
  forgotten_at timestamptz not null default now(),
  primary key (project, name)
);
create index forgotten_images_at on forgotten_images (forgotten_at);

-- What a project keeps of its images, and how often it looks at its tags again.
create table upkeep (
  project text primary key,
  keep_last int,
  keep_days int,
  rescan_days float8,
  changed_by text not null,
  changed_at timestamptz not null default now()
);
