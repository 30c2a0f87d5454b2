import { AffectedStatus, FixState, Severity } from '@plimsoll/advisories';
import { PackageType } from '@plimsoll/inventory';
import { z } from 'zod';

export { FixState, Severity };

/**
 * The answer for one package version and one advisory.
 * `undetermined` is an answer of its own ("cannot tell"), shown and counted, never "safe".
 */
export const State = z.enum(['affected', 'undetermined', 'fixed', 'not-affected']);
export type State = z.output<typeof State>;

/** Why an answer is what it is. */
export const Because = z.enum([
  'in-range', 'listed', 'every-version',
  'at-or-above-fixed', 'below-introduced', 'above-last-affected', 'above-limit', 'not-listed',
  'vendor-not-affected', 'vendor-fixed', 'vendor-undetermined', 'version-unreadable', 'bound-unreadable',
  'withdrawn', 'other-module', 'other-architecture',
]);
export type Because = z.output<typeof Because>;

/** The steps that led to the answer, enough for an independent program to compute it again. */
export const Proof = z.object({
  /** Ecosystem, name and version that were compared; for a distribution these are the source package's. */
  ecosystem: z.string(),
  name: z.string(),
  version: z.string(),
  /** Version order used: a scheme of @plimsoll/versions. */
  scheme: z.string(),
  advisory: z.string(),
  /** Which feed said so. */
  source: z.string(),
  /** What the publisher says of the versions named: see `Affected.status`; absent means `affected`. */
  status: AffectedStatus.optional(),
  /** The events or versions of the one affected entry that decided. */
  range: z.object({
    introduced: z.string().optional(),
    fixed: z.string().optional(),
    last_affected: z.string().optional(),
    limit: z.string().optional(),
    versions: z.array(z.string()).optional(),
  }).optional(),
  /** Every stretch of the entry, when none holds the version or it cannot be told; nothing else may hold it then. */
  ranges: z.array(z.object({ introduced: z.string().optional(), fixed: z.string().optional(), last_affected: z.string().optional(), limit: z.string().optional() })).optional(),
  /** Why. `version-unreadable` and `bound-unreadable` say which side could not be read; `detail` has the words. */
  because: Because,
  detail: z.string().optional(),
});
export type Proof = z.output<typeof Proof>;

/** One problem of one package version in one target. */
export const Finding = z.object({
  /** The name people use: the CVE where there is one, else the advisory's id. */
  id: z.string(),
  aliases: z.array(z.string()),
  /** Every record that speaks of it for this package, the deciding one first. */
  advisories: z.array(z.string()).optional(),
  /** The deciding advisory record, e.g. `DSA-5514-1`, `GHSA-…`, `CVE-…` of the Debian tracker. */
  advisory: z.string(),
  source: z.string(),
  state: State,
  severity: Severity,
  /** CVSS base score 0–10 and its vector, when a vector is known. */
  score: z.number().min(0).max(10).optional(),
  vector: z.string().optional(),
  fix_state: FixState,
  /** Lowest version that repairs it, in the vendor's words. */
  fixed_version: z.string().optional(),
  title: z.string().optional(),
  published: z.string().optional(),
  package: z.object({
    purl: z.string(), name: z.string(), version: z.string(), type: PackageType,
    layer: z.string().optional(), path: z.string().optional(),
  }),
  proof: Proof,
});
export type Finding = z.output<typeof Finding>;

const counts = z.object({
  critical: z.int().nonnegative(), high: z.int().nonnegative(), medium: z.int().nonnegative(),
  low: z.int().nonnegative(), unknown: z.int().nonnegative(), negligible: z.int().nonnegative(),
});

/** What policy and lists need of an image's findings, without the findings. Counts of state `affected`, one per (id, package). */
export const FindingSummary = z.object({
  total: z.int().nonnegative(),
  by_severity: counts,
  fixable: counts,
  undetermined: z.int().nonnegative(),
  /** Packages no advisory source covers (unknown release, third-party vendor): "not covered" is not "clean". */
  not_covered: z.int().nonnegative(),
  max_score: z.number().optional(),
});
export type FindingSummary = z.output<typeof FindingSummary>;

/** A package that no advisory source was asked about, or none could answer for. */
export const NotCovered = z.object({
  purl: z.string(), name: z.string(), version: z.string(), type: PackageType,
  /**
   * `release-not-covered`: no source has this release or registry. `system-unknown`: os-release is missing or of a system
   * without a source. `third-party`: somebody else built it. `no-ecosystem`: nobody publishes advisories for the kind.
   * `owner-not-covered`: it belongs to an operating-system package that is not covered.
   */
  reason: z.enum(['release-not-covered', 'system-unknown', 'third-party', 'no-ecosystem', 'owner-not-covered']),
  ecosystem: z.string().optional(),
});
export type NotCovered = z.output<typeof NotCovered>;
