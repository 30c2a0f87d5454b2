import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Problem } from '@plimsoll/problem';

const prefix = 'sealed.v1:';
const nonceBytes = 12, tagBytes = 16;

/**
 * Keeps webhook secrets unreadable in the database and its backups: AES-256-GCM under a key that is only in a file,
 * bound to the subscription's id, so that a sealed secret moved to another row does not open. Without a key it passes
 * secrets through as they are.
 */
export class Sealing {
  private readonly key: Buffer | undefined;

  constructor(key: Buffer | undefined) { this.key = key; }

  get hasKey(): boolean { return this.key !== undefined; }

  seal(subscription: string, secret: string): string {
    if (!this.key) return secret;
    const nonce = randomBytes(nonceBytes);
    const cipher = createCipheriv('aes-256-gcm', this.key, nonce).setAAD(Buffer.from(subscription));
    return prefix + Buffer.concat([nonce, cipher.update(secret, 'utf8'), cipher.final(), cipher.getAuthTag()]).toString('base64');
  }

  /** Throws when it was sealed under another key, or for another subscription. */
  open(subscription: string, stored: string): string {
    if (!isSealed(stored)) return stored;
    if (!this.key) throw cannotOpen('the stored webhook secrets are sealed and PLIMSOLL_NOTIFIER_KEY_FILE is not set');
    const bytes = Buffer.from(stored.slice(prefix.length), 'base64');
    const decipher = createDecipheriv('aes-256-gcm', this.key, bytes.subarray(0, nonceBytes), { authTagLength: tagBytes })
      .setAAD(Buffer.from(subscription)).setAuthTag(bytes.subarray(-tagBytes));
    try {
      return Buffer.concat([decipher.update(bytes.subarray(nonceBytes, -tagBytes)), decipher.final()]).toString('utf8');
    } catch (cause) {
      throw cannotOpen('a stored webhook secret does not open with the key in PLIMSOLL_NOTIFIER_KEY_FILE', cause);
    }
  }
}

export const isSealed = (stored: string): boolean => stored.startsWith(prefix);

/** Reads the key file: 32 bytes in base64. */
export function readSealingKey(file: string | undefined): Buffer | undefined {
  if (file === undefined) return undefined;
  const key = Buffer.from(readFileSync(file, 'utf8').trim(), 'base64');
  if (key.length !== 32) throw new Problem('invalid', `PLIMSOLL_NOTIFIER_KEY_FILE: ${file} holds ${key.length} bytes, not 32 in base64`, { code: 'settings-invalid' });
  return key;
}

const cannotOpen = (detail: string, cause?: unknown): Problem => new Problem('bug', detail, { code: 'secret-sealed', cause });
