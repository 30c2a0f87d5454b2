import { OperatingSystem } from '@plimsoll/inventory';
import { Finding, FindingSummary, Severity, State } from '@plimsoll/matching';
import { z } from 'zod';
import { Digest, DocumentRef, Image, PageRequest, pageOf, Project } from './common.ts';
import { event, request, type Body } from './message.ts';

/** A finding in the few words that lists, policies and messages need. */
export const CompactFinding = Finding.pick({ id: true, severity: true, score: true, state: true, fix_state: true, fixed_version: true, published: true }).extend({
  package: z.string(), version: z.string(), purl: z.string(),
  /** When this platform first saw it in this image. */
  first_seen: z.string().optional(),
  /** CISA says that it is exploited; and how likely that is within 30 days, 0–1. */
  kev: z.boolean().optional(), epss: z.number().min(0).max(1).optional(),
});
export type CompactFinding = z.output<typeof CompactFinding>;

/** An image was judged against a feed revision: after indexing, or again because a revision touched it. */
export const ImageMatched = event('feeds', 'image.matched.v1', {
  /** The push that led here; absent when a new revision did. */
  push: z.uuid().optional(),
  image: Image,
  platform: z.string().optional(),
  os: OperatingSystem.nullable(),
  configuration: z.object({ user: z.string().optional(), created: z.string().optional(), labels: z.record(z.string(), z.string()).optional() }),
  packages: z.int().nonnegative(),
  problems: z.int().nonnegative(),
  revision: z.object({ number: z.int().nonnegative(), published_at: z.string() }),
  summary: FindingSummary,
  /** The worst first, at most 200; `summary` counts all. */
  worst: z.array(CompactFinding).max(200),
  /** Ids that appeared and vanished since the last match of this image, at most 200 each. */
  added: z.array(z.string()).max(200),
  removed: z.array(z.string()).max(200),
});
export type ImageMatched = Body<typeof ImageMatched>;

const SourceChange = z.object({ source: z.string(), added: z.int(), changed: z.int(), removed: z.int() });

/** A new feed revision is readable. `touched_images` is the blast radius. */
export const RevisionPublished = event('feeds', 'revision.published.v1', {
  revision: z.int().positive(),
  published_at: z.string(),
  changes: z.array(SourceChange),
  touched_images: z.int().nonnegative(),
});
export type RevisionPublished = Body<typeof RevisionPublished>;

export const SourceStatus = z.object({
  source: z.string(), title: z.string(), advisories: z.int().nonnegative(), kept_aside: z.int().nonnegative(),
  revision: z.int().nonnegative().optional(), updated_at: z.string().optional(), checked_at: z.string().optional(),
  state: z.enum(['ok', 'never', 'stale', 'refused', 'unreachable']), problem: z.string().optional(),
});
export type SourceStatus = z.output<typeof SourceStatus>;

export const GetFeedsStatus = request('feeds', 'get-status.v1', {}, z.object({
  revision: z.int().nonnegative(), published_at: z.string().optional(), advisories: z.int().nonnegative(), images: z.int().nonnegative(), sources: z.array(SourceStatus),
}));

/** Findings of one image as of the current revision. */
export const GetFindings = request('feeds', 'get-findings.v1', {
  project: Project, digest: Digest,
  severity: z.array(Severity).optional(), state: z.array(State).optional(), id: z.string().max(64).optional(), package: z.string().max(512).optional(),
  ...PageRequest.shape,
}, pageOf(Finding).extend({ revision: z.int().nonnegative(), summary: FindingSummary }));

/** Take advisories in from a file of the object store or from the source's own address, now. */
export const IngestSource = request('feeds', 'ingest-source.v1', {
  source: z.string().max(128),
  /** A file or directory on the feeds service's disk inside its allowed folder (air-gap); absent: fetch from the source's address. */
  file: z.string().max(4096).optional(),
}, z.object({ revision: z.int().nonnegative(), advisories: z.int().nonnegative(), added: z.int(), changed: z.int(), removed: z.int(), kept_aside: z.int() }));

export { DocumentRef };
