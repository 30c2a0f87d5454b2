import { z } from 'zod';
import { FixState, Severity } from './severity.ts';

/**
 * A half-open stretch of versions in the order of the entry's ecosystem, as OSV's events describe it
 * (https://ossf.github.io/osv-schema/#evaluation). Absent `introduced` means from the first version on;
 * at most one of the three ends is there, and none means without end.
 */
export const Range = z.object({
  introduced: z.string().optional(),
  /** First version that is repaired. */
  fixed: z.string().optional(),
  /** Last version known to be affected. */
  last_affected: z.string().optional(),
  /** First version the advisory does not speak of; not a repair. */
  limit: z.string().optional(),
});
export type Range = z.output<typeof Range>;

/** What the publisher says of the versions an entry names. */
export const AffectedStatus = z.enum(['affected', 'fixed', 'not-affected', 'undetermined']);
export type AffectedStatus = z.output<typeof AffectedStatus>;

/** What one advisory says of one package of one ecosystem (of one release, for a distribution). */
export const Affected = z.object({
  /** Named as OSV names it: `PyPI`, `Debian:12`, `Alpine:v3.18`, `AlmaLinux:9`; see `ecosystemOf` in matching. */
  ecosystem: z.string().min(1),
  /** Normalised with `normaliseName`. For a distribution the source package's name or the binary's: see `names`. */
  name: z.string().min(1),
  /** Of a distribution's package: whether `name` is a source package's or a built one's. Absent means what `namesBinaries` says of the ecosystem. */
  names: z.enum(['source', 'binary']).optional(),
  status: AffectedStatus,
  /** Any of them is enough. With no ranges and no versions the status holds for every version. */
  ranges: z.array(Range).optional(),
  /** Single versions the status holds for, besides the ranges. */
  versions: z.array(z.string()).optional(),
  fix_state: FixState,
  /** The vendor's own severity for its package. */
  severity: Severity.optional(),
  /** The vendor's word behind status, fix state and severity, where it has one: `no-dsa`, `ignored`, `unimportant`, `git-range-only`. */
  vendor_status: z.string().optional(),
  /** Only packages of these architectures are meant. */
  arches: z.array(z.string()).optional(),
  /** rpm module stream, `nodejs:18`: only packages of this module are meant. */
  module: z.string().optional(),
});
export type Affected = z.output<typeof Affected>;

/** A score as the publisher gave it; `vector` is text of the named kind, and `score` is worked out by `cvss.ts`. */
export const Scored = z.object({
  type: z.enum(['CVSS_V2', 'CVSS_V3', 'CVSS_V4']),
  vector: z.string(),
  score: z.number().min(0).max(10).optional(),
});
export type Scored = z.output<typeof Scored>;

/** One record of one source, in the words all sources share. */
export const Advisory = z.object({
  /** The publisher's id: `GHSA-…`, `DSA-…`, `ALSA-…`, `CVE-…` for trackers. Not unique: AlmaLinux uses some ids for two releases. */
  id: z.string().min(1),
  /** Unique within its source and stable from one ingest to the next; diffs are by it. */
  key: z.string().min(1),
  /** Which entry of `sources.ts` it came from. */
  source: z.string().min(1),
  /** Other names of the one problem this record describes. */
  aliases: z.array(z.string()),
  /**
   * The problems a notice repairs (`DSA`, `ALSA`, `USN`, or any record that names several CVEs).
   * When there are any, each is a finding of its own and the notice's id is not their alias.
   */
  vulnerabilities: z.array(z.string()),
  title: z.string().optional(),
  /** RFC 3339. */
  published: z.string().optional(),
  modified: z.string().optional(),
  /** When the publisher took it back; a withdrawn record affects nothing. */
  withdrawn: z.string().optional(),
  severities: z.array(Scored),
  /** The publisher's own word for the severity of the problem, where no package-wise one is given. */
  severity: Severity.optional(),
  /** Addresses to read more at, at most 8. */
  references: z.array(z.string()),
  affected: z.array(Affected),
});
export type Advisory = z.output<typeof Advisory>;
