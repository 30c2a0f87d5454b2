import { readCanary, type Canary } from '@plimsoll/advisories';
import { readConfig } from '@plimsoll/service';
import { z } from 'zod';

const list = z.string().default('').transform((text) => text.split(',').map((item) => item.trim()).filter(Boolean));

export const FeedsConfig = z.object({
  /** Whether sources are fetched from their publishers by a timer. `off` for air-gapped sites and tests: then only `ingest` brings advisories. */
  PLIMSOLL_FEEDS_SCHEDULE: z.enum(['on', 'off']).default('on'),
  /** Ids of the sources to fetch; empty: all but those that repeat another's records. */
  PLIMSOLL_FEEDS_SOURCES: list,
  /** The only directory whose files may be named in an ingest; none, because a caller could read the service's disk. */
  PLIMSOLL_FEEDS_FILES: z.string().optional(),
  /** Where fetched files are put while they are read. */
  PLIMSOLL_FEEDS_SCRATCH: z.string().optional(),
  /** A folder that outlives the process, for archives of OSV that are brought up to date record by record; without it they are fetched whole. */
  PLIMSOLL_FEEDS_KEEP: z.string().optional(),
  /** Base address to fetch from instead of the publishers: a mirror that keeps their paths under `<base>/<host>/<path>`. */
  PLIMSOLL_FEEDS_MIRROR: z.url().optional(),
  /** A source with less than this share of its former records is refused: an accident is likelier than a mass withdrawal. */
  PLIMSOLL_FEEDS_SHRINK_LIMIT: z.coerce.number().min(0).max(1).default(0.8),
  /** Package versions that must go on being found vulnerable, besides those of `canaries.ts`: `npm/left-pad@1.0.0=CVE-2026-1, …`. */
  PLIMSOLL_FEEDS_CANARIES: list.transform((texts, context): Canary[] => texts.flatMap((text) => {
    const canary = readCanary(text);
    if (!canary) context.addIssue({ code: 'custom', message: `${text} is not ecosystem/name@version=CVE` });
    return canary ?? [];
  })),
  /** PEM file of the Ed25519 key that signs exported bundles; none: nothing is exported. `openssl genpkey -algorithm ed25519` makes one. */
  PLIMSOLL_FEEDS_SIGNING_KEY: z.string().optional(),
  /** PEM files of the public keys whose bundles are taken in; none: none is. */
  PLIMSOLL_FEEDS_TRUSTED_KEYS: list,
  /** How far in the future a bundle may have been made by our clock. */
  PLIMSOLL_FEEDS_CLOCK_SKEW_SECONDS: z.coerce.number().min(0).default(300),
  /** How far back "as of" reaches: the last so many revisions, and whatever is younger than so many days. */
  PLIMSOLL_FEEDS_KEEP_REVISIONS: z.coerce.number().int().min(1).default(100),
  PLIMSOLL_FEEDS_KEEP_DAYS: z.coerce.number().min(0).default(30),
});
export type FeedsConfig = z.output<typeof FeedsConfig>;

export const feedsConfig = (): FeedsConfig => readConfig(FeedsConfig);
