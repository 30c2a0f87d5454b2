-- Where the image is to be fetched from, and what went wrong the last time. A registry that is away holds back all its scans.
alter table scans add column registry text;
alter table scans add column problem text;
create index scans_of_registry on scans (registry) where state = 'queued' and registry is not null;
