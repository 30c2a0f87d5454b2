import { readFileSync } from 'node:fs';
import { Problem } from '@plimsoll/problem';
import { z } from 'zod';

/** What every service needs to be told; all else has a default. */
export const ServiceConfig = z.object({
  /** Postgres address with the service's own role, or the file that holds it. */
  PLIMSOLL_DATABASE_URL: z.string().optional(),
  PLIMSOLL_DATABASE_URL_FILE: z.string().optional(),
  PLIMSOLL_NATS_URL: z.string().default('nats://127.0.0.1:4222'),
  /** The service's nkey seed, or the file that holds it (preferred: files do not show in a process list). */
  PLIMSOLL_NATS_SEED: z.string().optional(),
  PLIMSOLL_NATS_SEED_FILE: z.string().optional(),
  /** Health, readiness, metrics and version for the operator; not the public door. */
  PLIMSOLL_MANAGEMENT_HOST: z.string().default('127.0.0.1'),
  PLIMSOLL_MANAGEMENT_PORT: z.coerce.number().int().min(0).max(65535).default(0),
  /** Connections to Postgres at most. */
  PLIMSOLL_DATABASE_POOL: z.coerce.number().int().min(2).max(100).default(8),
});
export type ServiceConfig = z.output<typeof ServiceConfig>;

/** Reads settings from the environment; names every wrong one at once. Empty strings count as absent. */
export function readConfig<S extends z.ZodType>(schema: S, env: NodeJS.ProcessEnv = process.env): z.output<S> {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const read = schema.safeParse(given);
  if (read.success) return read.data;
  throw new Problem('invalid', `settings: ${read.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ')}`, { code: 'settings-invalid' });
}

/** The database's address; one of the two settings must be there. */
export function databaseUrlOf({ PLIMSOLL_DATABASE_URL, PLIMSOLL_DATABASE_URL_FILE }: ServiceConfig): string {
  const url = PLIMSOLL_DATABASE_URL_FILE ? readFileSync(PLIMSOLL_DATABASE_URL_FILE, 'utf8').trim() : PLIMSOLL_DATABASE_URL;
  if (!url) throw new Problem('invalid', 'settings: PLIMSOLL_DATABASE_URL or PLIMSOLL_DATABASE_URL_FILE is needed', { code: 'settings-invalid' });
  return url;
}

export const seedOf = ({ PLIMSOLL_NATS_SEED, PLIMSOLL_NATS_SEED_FILE }: ServiceConfig): string | undefined =>
  PLIMSOLL_NATS_SEED_FILE ? readFileSync(PLIMSOLL_NATS_SEED_FILE, 'utf8').trim() : PLIMSOLL_NATS_SEED;
