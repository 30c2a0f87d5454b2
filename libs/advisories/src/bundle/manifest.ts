import { z } from 'zod';

/** What a bundle says of one source as of its revision. */
export const BundleSource = z.object({
  source: z.string().regex(/^[a-z0-9][a-z0-9.-]{0,127}$/),
  /** Records it has as of the revision, whether they are in this bundle or not. */
  records: z.int().nonnegative(),
  kept_aside: z.int().nonnegative(),
  /** When its publisher was last asked, and when it last had news; RFC 3339. */
  checked_at: z.string().optional(), updated_at: z.string().optional(),
  /** Whether the lines are all of its records; otherwise they are what changed since the base. */
  complete: z.boolean(),
  /** The member of the archive with its lines; none when nothing changed since the base. */
  file: z.object({ name: z.string(), sha256: z.string().regex(/^[0-9a-f]{64}$/), size: z.int().nonnegative(), lines: z.int().nonnegative() }).optional(),
});
export type BundleSource = z.output<typeof BundleSource>;

/** What a bundle is: a revision of a platform, whole or as the difference to an earlier one. */
export const BundleManifest = z.object({
  /** Which platform made it; numbers of revisions mean something only there. */
  platform: z.uuid(),
  revision: z.int().positive(),
  published_at: z.string(),
  /** The revision it is a difference to; null for a whole one. */
  base: z.int().nonnegative().nullable(),
  made_at: z.iso.datetime(),
  sources: z.array(BundleSource).max(1_000),
});
export type BundleManifest = z.output<typeof BundleManifest>;

/** https://in-toto.io/Statement/v1: the members are its subjects, the manifest its predicate. */
export const BundleStatement = z.object({
  _type: z.literal('https://in-toto.io/Statement/v1'),
  subject: z.array(z.object({ name: z.string(), digest: z.object({ sha256: z.string() }) })),
  predicateType: z.literal('https://plimsoll.dev/feed-bundle/v1'),
  predicate: BundleManifest,
});

/** Fields in the one order of the schema. */
export const statementOf = (manifest: BundleManifest): z.output<typeof BundleStatement> => BundleStatement.parse({
  _type: 'https://in-toto.io/Statement/v1',
  subject: manifest.sources.flatMap(({ file }) => file ? [{ name: file.name, digest: { sha256: file.sha256 } }] : []),
  predicateType: 'https://plimsoll.dev/feed-bundle/v1',
  predicate: manifest,
});
