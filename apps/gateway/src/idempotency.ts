import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';
import { every } from '@plimsoll/database';
import { Problem } from '@plimsoll/problem';
import { Log } from '@plimsoll/telemetry';
import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { DataSource } from 'typeorm';

/** A call that has not answered after this long died with its process; its key may be used again. Longer than any call may take. */
const inFlightAtMostSeconds = 15 * 60;

/** What makes two requests the same: the caller, his key, and everything he sent. */
export interface Repeatable { readonly subject: string; readonly key: string; readonly operation: string; readonly input: object }

/**
 * Answers a repeated POST as the first one was answered (draft-ietf-httpapi-idempotency-key-header): the same key with other
 * content is `idempotency-key-reused` (422), with the first still at work `idempotency-in-flight` (409). Only success is kept,
 * for 24 hours; after a failure the same key tries again.
 */
@Injectable()
export class Idempotency implements OnApplicationBootstrap {
  private readonly stopping = new AbortController();
  constructor(private readonly db: DataSource, private readonly log: Log) {}

  async once<T>(call: Repeatable, work: () => Promise<T>): Promise<{ answer: T; replayed: boolean }> {
    const key = sha256(['key', call.subject, call.key]), request = sha256([call.operation, Object.entries(call.input).sort(([a], [b]) => a < b ? -1 : 1)]);
    const secret = Buffer.from(hkdfSync('sha256', call.key, call.subject, 'plimsoll idempotency', 32));
    const kept = await this.begin(key, request);
    if (kept) return { answer: unseal(secret, kept) as T, replayed: true };
    try {
      const answer = await work();
      await this.db.query('update idempotency set answer = $2 where key = $1', [key, seal(secret, answer)]);
      return { answer, replayed: false };
    } catch (error) {
      await this.db.query('delete from idempotency where key = $1 and answer is null', [key]).catch(() => undefined);
      throw error;
    }
  }

  onApplicationBootstrap(): void {
    void every(this.db, 'gateway idempotency', 10 * 60_000, async () => {
      await this.db.query("delete from idempotency where started_at < now() - interval '24 hours'");
    }, { signal: this.stopping.signal, onError: (error) => this.log.warn('old answers stay', { error: String(error) }) });
  }

  beforeApplicationShutdown(): void { this.stopping.abort(); }

  /** Claims the key, or answers what was kept under it. */
  private async begin(key: Buffer, request: Buffer): Promise<Buffer | undefined> {
    const claimed: unknown[] = await this.db.query(`
      insert into idempotency (key, request) values ($1, $2)
      on conflict (key) do update set request = excluded.request, answer = null, started_at = now()
      where idempotency.started_at < now() - case when idempotency.answer is null then interval '${inFlightAtMostSeconds} seconds' else interval '24 hours' end
      returning key`, [key, request]);
    if (claimed.length) return undefined;
    const [row] = await this.db.query('select request, answer from idempotency where key = $1', [key]) as { request: Buffer; answer: Buffer | null }[];
    if (row && !row.request.equals(request)) throw new Problem('invalid', 'this Idempotency-Key came with another request before', { code: 'idempotency-key-reused' });
    if (!row?.answer) throw new Problem('conflict', 'the first request with this Idempotency-Key is still at work', { code: 'idempotency-in-flight' });
    return row.answer;
  }
}

const sha256 = (value: unknown): Buffer => createHash('sha256').update(JSON.stringify(value)).digest();

/** AES-256-GCM: nonce, tag, ciphertext. The key comes from the caller's own, which is kept nowhere. */
function seal(secret: Buffer, value: unknown): Buffer {
  const nonce = randomBytes(12), cipher = createCipheriv('aes-256-gcm', secret, nonce);
  const sealed = Buffer.concat([cipher.update(JSON.stringify(value ?? null)), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), sealed]);
}

function unseal(secret: Buffer, sealed: Buffer): unknown {
  const decipher = createDecipheriv('aes-256-gcm', secret, sealed.subarray(0, 12)).setAuthTag(sealed.subarray(12, 28));
  return JSON.parse(Buffer.concat([decipher.update(sealed.subarray(28)), decipher.final()]).toString('utf8'));
}
