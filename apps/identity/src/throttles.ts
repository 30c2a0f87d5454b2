import { createHash } from 'node:crypto';
import { isIPv6 } from 'node:net';
import type { DataSource, EntityManager } from 'typeorm';

/** How many wrong passwords are free, the longest wait after that, and when a quiet bucket is forgotten; in seconds. */
interface Bucket { readonly key: string; readonly free: number; readonly maxWait: number; readonly forget: number }
const minute = 60, hour = 60 * minute;

/** One attempt's buckets. */
export interface Attempt { readonly account: string; readonly client: string; readonly buckets: readonly Bucket[] }

/**
 * Counts wrong passwords in Postgres, so that all replicas count together. Three buckets, each its own:
 *
 * - account and client together: 10 free, then 1, 2, 4 … 900 s. Guessing one password from one place.
 * - client alone: 50 free, then up to 300 s. One place trying many names.
 * - account alone, for clients that never signed in to it: 50 free, then up to 300 s. Many places guessing one password.
 *   A client that signed in within 30 days is not slowed by it: outsiders can keep strangers out of an account, never its owner.
 *
 * An attempt is charged before the password is looked at and paid back when it was right, so a hundred at once are not a
 * hundred guesses. Attempts made while waiting are refused without a look and not charged. Names that do not exist are
 * counted like those that do.
 */
export class Throttles {
  private readonly db: DataSource;
  constructor(db: DataSource) { this.db = db; }

  /** Charges an attempt. Answers the seconds to wait instead when it may not be made yet. */
  async charge(folded: string, client: string | undefined): Promise<{ attempt: Attempt; wait: 0 } | { attempt: Attempt; wait: number }> {
    const account = hashOf('account', folded), place = hashOf('client', networkOf(client));
    return this.db.transaction(async (tx) => {
      const attempt = { account, client: place, buckets: bucketsOf(account, place, await isKnown(tx, account, place)) };
      const states = await locked(tx, attempt.buckets);
      const wait = Math.max(...states.map(({ blocked }) => blocked));
      if (wait > 0) return { attempt, wait: Math.ceil(wait) };
      const failures = states.map(({ failures: before }) => before + 1);
      await tx.query(
        `update login_throttles as t set failures = charged.failures, touched_at = clock_timestamp(), blocked_until = case when charged.wait > 0 then clock_timestamp() + make_interval(secs => charged.wait) else 'epoch' end
         from unnest($1::text[], $2::int[], $3::float8[]) as charged(bucket, failures, wait) where t.bucket = charged.bucket`,
        [states.map(({ bucket: { key } }) => key), failures, states.map(({ bucket }, at) => waitAfter(failures[at]!, bucket))]);
      return { attempt, wait: 0 };
    });
  }

  /** Pays an attempt back: the password was right, or nobody came to look at it. */
  async payBack(tx: EntityManager, { buckets }: Attempt): Promise<void> {
    await locked(tx, buckets);
    await tx.query(`update login_throttles set failures = greatest(0, failures - 1), blocked_until = 'epoch' where bucket = any($1)`, [buckets.map(({ key }) => key)]);
  }

  /** A right password: this client is known to the account now, and its own failures are forgotten. */
  async succeeded(tx: EntityManager, attempt: Attempt): Promise<void> {
    await this.payBack(tx, attempt);
    await tx.query('delete from login_throttles where bucket = $1', [pair(attempt.account, attempt.client)]);
    await tx.query('insert into known_clients (account, client) values ($1, $2) on conflict (account, client) do update set last_login_at = now()', [attempt.account, attempt.client]);
  }

  /** Drops what no longer counts. */
  async forget(): Promise<void> {
    await this.db.query(`delete from login_throttles where touched_at < now() - interval '1 day' and blocked_until < now()`);
    await this.db.query(`delete from known_clients where last_login_at < now() - interval '30 days'`);
  }
}

/** Seconds to wait after so many failures. */
export const waitAfter = (failures: number, { free, maxWait }: Pick<Bucket, 'free' | 'maxWait'>): number =>
  failures < free ? 0 : Math.min(maxWait, 2 ** Math.min(30, failures - free));

/** Whose failures count together: an IPv4 address, an IPv6 /64 (one customer has all of it), or whatever else the door wrote. */
export function networkOf(client: string | undefined): string {
  const address = (client ?? 'unknown').replace(/^ipv[46]:/, '').replace(/^\[|\]$/g, '').replace(/^::ffff:(?=\d+\.)/i, '');
  if (!isIPv6(address)) return address;
  const [head = '', tail] = new URL(`http://[${address.split('%')[0]}]`).hostname.slice(1, -1).split('::');
  const front = head === '' ? [] : head.split(':'), back = tail ? tail.split(':') : [];
  const groups = tail === undefined ? front : [...front, ...Array<string>(8 - front.length - back.length).fill('0'), ...back];
  return `${groups.slice(0, 4).join(':')}::/64`;
}

/** Hashes of the two, because what was typed as a name may be a password. */
const hashOf = (kind: string, text: string): string => createHash('sha256').update(`${kind}\0${text}`).digest('base64url');
const pair = (account: string, client: string): string => `both:${account}:${client}`;

/** Always in the same order, so that two attempts never wait for each other. */
const bucketsOf = (account: string, client: string, isKnownClient: boolean): Bucket[] => [
  ...(isKnownClient ? [] : [{ key: `account:${account}`, free: 50, maxWait: 5 * minute, forget: hour }]),
  { key: pair(account, client), free: 10, maxWait: 15 * minute, forget: 24 * hour },
  { key: `client:${client}`, free: 50, maxWait: 5 * minute, forget: hour },
];

const isKnown = async (tx: EntityManager, account: string, client: string): Promise<boolean> =>
  ((await tx.query('select 1 from known_clients where account = $1 and client = $2', [account, client])) as unknown[]).length > 0;

/**
 * Holds the rows until the transaction ends; a bucket left alone for long enough begins anew. Who need not wait is blocked
 * until 1970, never until now: the column rounds to milliseconds, also upwards.
 */
async function locked(tx: EntityManager, buckets: readonly Bucket[]): Promise<{ bucket: Bucket; failures: number; blocked: number }[]> {
  const rows = await tx.query(
    `insert into login_throttles as t (bucket, blocked_until) select unnest($1::text[]), 'epoch' on conflict (bucket) do update set bucket = excluded.bucket
     returning t.bucket, t.failures, extract(epoch from t.blocked_until - clock_timestamp())::float8 as blocked, extract(epoch from clock_timestamp() - t.touched_at)::float8 as quiet`,
    [buckets.map(({ key }) => key)]) as { bucket: string; failures: number; blocked: number; quiet: number }[];
  return buckets.map((bucket) => {
    const { failures, blocked, quiet } = rows.find((row) => row.bucket === bucket.key)!;
    return { bucket, failures: quiet > bucket.forget ? 0 : failures, blocked };
  });
}
