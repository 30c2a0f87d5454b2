-- People. `folded` is what a login compares: NFKC, lower case.
create table users (
  id uuid primary key,
  identifier text not null,
  folded text not null unique,
  -- Everything in every project. Given at the first start alone.
  is_admin boolean not null default false,
  created_at timestamptz(3) not null default now());

create table password_credentials (
  user_id uuid primary key references users,
  -- argon2id in PHC form.
  phc text not null,
  -- Which pepper went into it; empty for none. See src/passwords.ts.
  pepper text not null default '',
  changed_at timestamptz(3) not null default now());

create table projects (
  name text primary key,
  created_at timestamptz(3) not null default now());

-- One role of a user in a project; src/roles.ts says what it may do.
create table role_bindings (
  project text not null references projects,
  user_id uuid not null references users,
  role text not null,
  granted_at timestamptz(3) not null default now(),
  primary key (project, user_id));
create index role_bindings_of_user on role_bindings (user_id);

-- `plt_…`: of the secret only its SHA-256 is kept.
create table api_tokens (
  id text primary key,
  project text not null references projects,
  name text not null,
  scopes text[] not null,
  -- Whose grants bound it, at every use; and the token that made it, if one did: it is revoked with that.
  owner uuid not null references users,
  parent text references api_tokens,
  sha256 bytea not null,
  created_at timestamptz(3) not null default now(),
  expires_at timestamptz(3) not null,
  last_used_at timestamptz(3),
  revoked_at timestamptz(3));
create index api_tokens_of_project on api_tokens (project, created_at, id);
create index api_tokens_of_parent on api_tokens (parent) where parent is not null;

-- The way in of the first administrator when no password file is given; see src/bootstrap.ts.
create table bootstrap_tokens (
  sha256 bytea primary key,
  expires_at timestamptz(3) not null,
  spent_at timestamptz(3));

-- Wrong passwords, counted. Buckets are hashes: what somebody typed as a name may be a password. See src/throttles.ts.
create table login_throttles (
  bucket text primary key,
  failures integer not null default 0,
  blocked_until timestamptz(3) not null default now(),
  touched_at timestamptz(3) not null default now());
create index login_throttles_touched on login_throttles (touched_at);

-- From where an account was signed in to: strangers' failures do not slow these down.
create table known_clients (
  account text not null,
  client text not null,
  last_login_at timestamptz(3) not null default now(),
  primary key (account, client));
create index known_clients_last_login on known_clients (last_login_at);

-- Keys that sign access tokens, private halves sealed; null once the key will never sign again.
create table signing_keys (
  kid text primary key,
  sealed bytea,
  public_jwk jsonb not null,
  signs_from timestamptz(3) not null,
  created_at timestamptz(3) not null default now());

-- The certificate authorities, keys sealed.
create table authorities (
  name text primary key,
  issuer text references authorities,
  certificate bytea not null,
  sealed bytea not null,
  created_at timestamptz(3) not null default now());

create table revocations (
  authority text not null references authorities,
  serial text not null,
  revoked_at timestamptz(3) not null,
  reason text not null default 'unspecified',
  primary key (authority, serial));

-- The latest list of each authority; numbers only rise.
create table revocation_lists (
  authority text primary key references authorities,
  number bigint not null,
  list bytea not null,
  this_update timestamptz(3) not null,
  next_update timestamptz(3) not null);

-- What was decided, each entry holding the hash of the one before: hash = sha256(prev ‖ body). See src/audit.ts.
create table audit (
  seq bigint primary key,
  prev bytea not null,
  hash bytea not null unique,
  body text not null);
-- The service adds to it and reads it. It cannot change it.
revoke update, delete, truncate on audit from svc_identity;
