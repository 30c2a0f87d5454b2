-- Workers that died while they had it. One of the scans they had may have killed them.
alter table scans add column deaths int not null default 0;
