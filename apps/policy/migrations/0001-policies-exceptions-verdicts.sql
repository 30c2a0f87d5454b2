-- The policies of each project, the newest in force; none: the built-in one. Rows are only ever added.
create table policies (
  id bigint generated always as identity primary key,
  project text not null,
  name text not null,
  digest text not null,
  document text not null,
  author text not null,
  created_at timestamptz(3) not null default now());
create index policies_of_project on policies (project, id desc);

-- What people decided to live with, and until when. Ended ones stay.
create table exceptions (
  id uuid primary key,
  project text not null,
  digest text,
  name text,
  finding text,
  package text,
  rule text,
  until timestamptz(3) not null,
  reason text not null,
  requested_by text not null,
  approved_by text not null,
  created_at timestamptz(3) not null default now(),
  revoked_at timestamptz(3),
  revoked_by text,
  check ((finding is null) <> (rule is null)));
create index exceptions_of_project on exceptions (project, created_at desc, id desc);

-- The present verdict of each image of each project.
create table verdicts (
  project text not null,
  -- The digest, or the target of an image that was rejected before its digest was known.
  image text not null,
  digest text,
  reference text not null,
  outcome text not null check (outcome in ('allow', 'warn', 'deny')),
  -- The decision and what it saw, as canonical JSON: `input_digest` is the sha256 of `input::text`.
  decision json not null,
  input json not null,
  input_digest text not null,
  policy_digest text not null,
  revision integer,
  -- When the event that it rests on was said.
  said_at timestamptz(3) not null,
  decided_at timestamptz(3) not null,
  -- When it must be judged again. This column is the queue: whatever makes a verdict old brings it forward.
  due_at timestamptz(3),
  trace_id text,
  primary key (project, image));
create index verdicts_due on verdicts (due_at) where due_at is not null;
create index verdicts_due_of_project on verdicts (project, due_at) where due_at is not null;

-- Every change of a verdict. Rows are only ever added.
create table verdict_history (
  id bigint generated always as identity primary key,
  project text not null,
  image text not null,
  outcome text not null,
  reasons json not null,
  policy_digest text not null,
  input_digest text not null,
  revision integer,
  cause text not null,
  trace_id text,
  decided_at timestamptz(3) not null);
create index verdict_history_of_image on verdict_history (project, image, id desc);
