import { randomBytes } from 'node:crypto';
import { newSealedKey, openSealedKey, type Binding, type Signer } from '@plimsoll/certificates';
import { Problem } from '@plimsoll/problem';
import type { DataSource, EntityManager } from 'typeorm';
import { record } from './audit.ts';
import { planKeys, type KeyPlan, type RotationTimes } from './key-plan.ts';

export interface SigningKey { readonly kid: string; readonly signer: Signer }
interface Row { readonly kid: string; readonly sealed: Buffer | null; readonly public_jwk: Record<string, unknown>; readonly signs_from: Date }

/** The keys of access tokens. Which one signs is decided by the database's clock, so that all replicas change over together. */
export class SigningKeys {
  private readonly db: DataSource;
  private readonly kek: Buffer;
  private readonly times: RotationTimes;
  private readonly opened = new Map<string, Signer>();

  constructor(db: DataSource, kek: Buffer, times: RotationTimes) {
    this.db = db;
    this.kek = kek;
    this.times = times;
  }

  /** The key that signs now. */
  async current(now?: Date): Promise<SigningKey> {
    const { plan: { current } } = await this.read(this.db.manager, now);
    if (current?.sealed == null) throw new Problem('unavailable', 'there is no key to sign with', { code: 'signing-key-missing' });
    let signer = this.opened.get(current.kid);
    if (!signer) this.opened.set(current.kid, signer = openSealedKey(current.sealed, this.kek, bindingOf(current.kid)));
    return { kid: current.kid, signer };
  }

  /** The public keys of all tokens that may be about, and of the next ones: RFC 7517. */
  async published(now?: Date): Promise<Record<string, unknown>[]> {
    const { plan } = await this.read(this.db.manager, now);
    return plan.published.map(({ public_jwk }) => public_jwk);
  }

  /** Makes the next key when it is due, destroys private halves that are done, forgets keys no living token needs. Safe to run anywhere, any time. */
  async rotate(tx: EntityManager, now?: Date): Promise<void> {
    await tx.query(`select pg_advisory_xact_lock(hashtext('identity:signing-keys'))`);
    const { plan, at } = await this.read(tx, now);
    if (plan.nextFrom) {
      const kid = randomBytes(12).toString('base64url');
      const { sealed, signer } = await newSealedKey('P-256', this.kek, bindingOf(kid));
      const jwk = { ...signer.publicKey.export({ format: 'jwk' }), kid, use: 'sig', alg: 'ES256' };
      await tx.query('insert into signing_keys (kid, sealed, public_jwk, signs_from) values ($1, $2, $3, $4)', [kid, sealed, jwk, plan.nextFrom]);
      await record(tx, { act: 'key.made', actor: 'system', facts: { kid, signs_from: plan.nextFrom.toISOString() } }, at);
    }
    for (const { kid, sealed } of plan.spent) {
      if (sealed === null) continue;
      await tx.query('update signing_keys set sealed = null where kid = $1', [kid]);
      await record(tx, { act: 'key.destroyed', actor: 'system', facts: { kid } }, at);
      this.opened.delete(kid);
    }
    if (plan.gone.length) await tx.query('delete from signing_keys where kid = any($1)', [plan.gone.map(({ kid }) => kid)]);
  }

  /** Opens every sealed key once, so that a wrong key-encryption key stops the start and not the first login. */
  async open(tx: EntityManager): Promise<void> {
    for (const { kid, sealed } of await rows(tx)) if (sealed) openSealedKey(sealed, this.kek, bindingOf(kid));
  }

  private async read(tx: EntityManager, now?: Date): Promise<{ plan: KeyPlan<Row & { signsFrom: Date }>; at: Date }> {
    const at = now ?? (await tx.query('select clock_timestamp() as now') as [{ now: Date }])[0].now;
    return { plan: planKeys((await rows(tx)).map((row) => ({ ...row, signsFrom: row.signs_from })), at, this.times), at };
  }
}

export const bindingOf = (kid: string): Binding => ['identity', 'signing_keys', kid];

const rows = (tx: EntityManager): Promise<Row[]> => tx.query('select kid, sealed, public_jwk, signs_from from signing_keys order by signs_from, kid');
