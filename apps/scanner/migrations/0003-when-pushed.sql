-- When the stream took in the push: forgetting an image reaches no further than pushes of before.
alter table scans add column pushed_at timestamptz not null default now();
alter table image_uses add column pushed_at timestamptz not null default now();
