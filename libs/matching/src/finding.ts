import { AffectedStatus, Enrichment, FixState, Severity, VexStatement } from '@plimsoll/advisories';
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
  'withdrawn', 'other-module', 'module-unknown', 'other-architecture',
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
  /** Which feed said so, and the record's key there, where that is another than the id. */
  source: z.string(),
  key: z.string().optional(),
  /** The feed revision the record was read in. Whoever keeps answers over revisions leaves it out and adds it when asked. */
  revision: z.string().optional(),
  /** Whether the record's name is that of a source package or of a built one, where the two have other names. */
  named: z.enum(['source', 'binary']).optional(),
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
  /** What only some packages of the name are: the package's own module stream and architecture, and those the entry is about. */
  module: z.object({ package: z.string().optional(), advisory: z.string() }).optional(),
  arch: z.object({ package: z.string().optional(), advisory: z.array(z.string()) }).optional(),
  /** The vendor's word behind the answer: `no-dsa`, `ignored`, `end-of-life`. */
  vendor_status: z.string().optional(),
  /** Why. `version-unreadable` and `bound-unreadable` say which side could not be read; `detail` has the words. */
  because: Because,
  detail: z.string().optional(),
});
export type Proof = z.output<typeof Proof>;

/** A CVSS vector, what it is worth, and who gave it: a feed, or an organisation as the CVE record names it. */
export const Score = z.object({ version: z.enum(['2.0', '3.0', '3.1', '4.0']), vector: z.string(), score: z.number().min(0).max(10).optional(), by: z.string() });
export type Score = z.output<typeof Score>;

/** What a supplier says of a finding. */
export const FindingVex = VexStatement.pick({ status: true, justification: true, detail: true, source: true, time: true });
export type FindingVex = z.output<typeof FindingVex>;

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
  /** A repair that only the vendor's subscribers get; `fix_state` is what everybody gets. */
  subscription: z.object({ name: z.string(), fixed_version: z.string() }).optional(),
  title: z.string().optional(),
  /** RFC 3339. `first_seen` and `fix_seen`, since when it is known here and repairable here, only a platform can tell. */
  published: z.string().optional(),
  modified: z.string().optional(),
  first_seen: z.string().optional(),
  fix_seen: z.string().optional(),
  /** Every vector known, the one of `score` first. */
  scores: z.array(Score).optional(),
  /** See `Enrichment`: how likely, whether it happens, decision points. */
  epss: Enrichment.shape.epss,
  kev: Enrichment.shape.kev,
  ssvc: Enrichment.shape.ssvc,
  /** The maker of the software says that it is no vulnerability. It counts all the same. */
  disputed: z.literal(true).optional(),
  /** What suppliers say of it here, the deciding statement first. */
  vex: z.array(FindingVex).optional(),
  /** Why it is shown and not counted: the deciding statement says not affected or fixed, or the CVE was taken back. */
  suppressed: z.enum(['vex', 'rejected']).optional(),
  package: z.object({
    purl: z.string(), name: z.string(), version: z.string(), type: PackageType,
    layer: z.string().optional(), path: z.string().optional(),
    /** The package it was built from, when that has another name or version. */
    source: z.object({ name: z.string(), version: z.string() }).optional(),
    /** True when it comes from a known base image. */
    base: z.boolean().optional(),
  }),
  proof: Proof,
});
export type Finding = z.output<typeof Finding>;

const counts = z.object({
  critical: z.int().nonnegative(), high: z.int().nonnegative(), medium: z.int().nonnegative(),
  low: z.int().nonnegative(), unknown: z.int().nonnegative(), negligible: z.int().nonnegative(),
});

/** What policy and lists need of an image's findings, without the findings. Counts of state `affected` that nothing suppresses, one per (id, package). */
export const FindingSummary = z.object({
  total: z.int().nonnegative(),
  by_severity: counts,
  fixable: counts,
  undetermined: z.int().nonnegative(),
  /** Shown and not counted above; see `Finding.suppressed`. */
  suppressed: z.int().nonnegative().optional(),
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
   * without a source. `third-party`: somebody else built it. `no-ecosystem`: nobody publishes advisories for the kind, or it says too little of its name (a jar without a group).
   * `owner-not-covered`: it belongs to an operating-system package that is not covered.
   */
  reason: z.enum(['release-not-covered', 'system-unknown', 'third-party', 'no-ecosystem', 'owner-not-covered']),
  ecosystem: z.string().optional(),
});
export type NotCovered = z.output<typeof NotCovered>;
