import { readFileSync } from 'node:fs';
import { Problem } from '@plimsoll/problem';
import { z } from 'zod';

/** Identity's own settings, beside those every service has. */
export const IdentityConfig = z.object({
  /** A file with 32 random bytes in base64: the key-encryption key. It seals every private key; without it identity does not start. */
  PLIMSOLL_IDENTITY_KEK_FILE: z.string().optional(),
  /** The key-encryption key before this one: what it sealed is sealed again at the start, then this setting can go. */
  PLIMSOLL_IDENTITY_OLD_KEK_FILE: z.string().optional(),
  /** A file with a secret of 16 bytes or more that goes into every password hash, so that a stolen database alone is not worth guessing at. */
  PLIMSOLL_IDENTITY_PEPPER_FILE: z.string().optional(),
  /** The password the user `admin` gets at the first start; not read again while an administrator exists. */
  PLIMSOLL_ADMIN_PASSWORD_FILE: z.string().optional(),
  /** Where the first start writes a one-time token, when there is no password file. It makes the administrator, once. */
  PLIMSOLL_BOOTSTRAP_TOKEN_FILE: z.string().optional(),
  /** Life of an access token. Grants are written in it, so a role taken away works on for this long. */
  PLIMSOLL_IDENTITY_ACCESS_TOKEN_SECONDS: z.coerce.number().int().min(60).max(3600).default(600),
  /** How long a key signs access tokens. */
  PLIMSOLL_IDENTITY_KEY_DAYS: z.coerce.number().positive().max(365).default(30),
  /** How long a key is published before it signs: longer than anybody keeps the key set (the gateway: 5 minutes). */
  PLIMSOLL_IDENTITY_KEY_LEAD_SECONDS: z.coerce.number().int().min(1).default(1_800),
  /** How often it is looked whether a key or a revocation list is due. */
  PLIMSOLL_IDENTITY_UPKEEP_MS: z.coerce.number().int().min(50).default(60_000),
  /** Live API tokens of one project. */
  PLIMSOLL_IDENTITY_MAX_TOKENS: z.coerce.number().int().min(1).max(1_000).default(500),
  /** Passwords checked at the same time in one process; each takes 19 MiB and one core for some 20 ms. */
  PLIMSOLL_IDENTITY_PASSWORD_CONCURRENCY: z.coerce.number().int().min(1).max(64).default(2),
  /** Where revocation lists are fetched from, written into intermediates; absent: they travel with the trust bundle alone. */
  PLIMSOLL_IDENTITY_CRL_URL: z.url().optional(),
});
export type IdentityConfig = z.output<typeof IdentityConfig>;

/** The key-encryption key: 32 bytes. Problem `kek-missing` or `kek-invalid`, which say how to make one. */
export function readKek({ PLIMSOLL_IDENTITY_KEK_FILE: file }: IdentityConfig): Buffer {
  if (file === undefined) throw new Problem('invalid', `settings: PLIMSOLL_IDENTITY_KEK_FILE is needed: it names a file with the key that seals identity's private keys. ${howTo}`, { code: 'kek-missing' });
  return kekIn('PLIMSOLL_IDENTITY_KEK_FILE', file);
}

/** The key-encryption key that was in use before, when one is being replaced. */
export const readOldKek = ({ PLIMSOLL_IDENTITY_OLD_KEK_FILE: file }: IdentityConfig): Buffer | undefined =>
  file === undefined ? undefined : kekIn('PLIMSOLL_IDENTITY_OLD_KEK_FILE', file);

const kekIn = (setting: string, file: string): Buffer => {
  const text = readSecretFile(setting, file), kek = Buffer.from(text, 'base64');
  if (kek.length !== 32 || kek.toString('base64') !== text) throw new Problem('invalid', `settings: ${file} does not hold 32 bytes in base64. ${howTo}`, { code: 'kek-invalid' });
  return kek;
};

const howTo = 'Make one with `(umask 077; openssl rand -base64 32 > identity.kek)` and keep a copy away from the database: without it nobody can open those keys.';

/** One line from a file that somebody named in a setting. */
export function readSecretFile(setting: string, file: string): string {
  try {
    return readFileSync(file, 'utf8').replace(/\r?\n$/, '');
  } catch (cause) {
    throw new Problem('invalid', `settings: ${setting}: ${file} cannot be read (${(cause as NodeJS.ErrnoException).code ?? 'unknown'})`, { code: 'settings-invalid', cause });
  }
}
