import { KnownBase, OperatingSystem } from '@plimsoll/inventory';
import { z } from 'zod';
import { Digest, DocumentRef, Image, ProblemBody, Project } from './common.ts';
import { Priority } from './gateway.ts';
import { event, request, type Body } from './message.ts';

/** Everything inside the image is known. A partial inventory says so in `problems`. */
export const ImageIndexed = event('scanner', 'image.indexed.v1', {
  push: z.uuid(),
  image: Image,
  platform: z.string().optional(),
  inventory: DocumentRef,
  os: OperatingSystem.nullable(),
  packages: z.int().nonnegative(),
  /** How many parts could not be read; above zero the inventory is partial. */
  problems: z.int().nonnegative(),
  /** Facts of the image configuration that policies judge. */
  configuration: z.object({ user: z.string().optional(), created: z.string().optional(), labels: z.record(z.string(), z.string()).optional() }),
});
export type ImageIndexed = Body<typeof ImageIndexed>;

/** The image could not be read, and why. News, not an exception: policy denies it. */
export const ImageRejected = event('scanner', 'image.rejected.v1', {
  push: z.uuid(),
  project: Project,
  target: z.string(),
  digest: Digest.optional(),
  problem: ProblemBody,
});
export type ImageRejected = Body<typeof ImageRejected>;

/** A scan ended without a result: somebody cancelled it, or a scheduled one found nothing to replace what is known. */
export const ScanCancelled = event('scanner', 'scan.cancelled.v1', {
  push: z.uuid(), project: Project, target: z.string().max(4096), by: z.string().max(256).optional(), why: z.string(),
});
export type ScanCancelled = Body<typeof ScanCancelled>;

/** Newer catalogers than those that read this image would read it otherwise: it is worth another scan. */
export const ImageOutdated = event('scanner', 'image.outdated.v1', {
  image: Image, platform: z.string().optional(),
  /** Names the present set of catalogers. */
  analyzer: z.string(),
});
export type ImageOutdated = Body<typeof ImageOutdated>;

/** Where a scan is that waits or runs. */
export const FoundScan = z.object({
  push: z.uuid(), state: z.enum(['queued', 'running']), priority: Priority,
  /** From 1 when it was tried; 0 before. */
  attempt: z.int().nonnegative(),
  /** Scans that go before it, 1,000 at most; absent for one that runs. */
  ahead: z.int().nonnegative().optional(),
  /** What it waits for besides its turn: another scan reads one of its layers, or its registry gets time to recover. */
  waits_for: z.enum(['layer', 'retry']).optional(),
  /** What went wrong the last time, of this scan or of another from the same registry. */
  problem: z.string().optional(),
  queued_at: z.string(), started_at: z.string().optional(),
});
export type FoundScan = z.output<typeof FoundScan>;

/** Scans that wait or run; those that ended, and unknown ones, are left out. */
export const FindScans = request('scanner', 'find-scans.v1', { pushes: z.array(z.uuid()).max(500) }, z.object({ scans: z.array(FoundScan) }));

/** Ends a scan without a result, also one whose push has not arrived yet. Problem `scan-ended` when it is too late. */
export const CancelScan = request('scanner', 'cancel-scan.v1', { push: z.uuid(), project: Project, target: z.string().max(4096), by: z.string().max(256) },
  z.object({ was: z.enum(['queued', 'running', 'cancelled']) }));

/** The platforms an image is there for, asked of its registry now. */
export const ListPlatforms = request('scanner', 'list-platforms.v1', { target: z.string().min(1).max(4096) }, z.object({ platforms: z.array(z.string()) }));

/** How far the reading of an image is; plain NATS, not kept: nobody needs yesterday's progress. */
export const ScanProgress = z.object({
  push: z.uuid(), project: Project,
  layers_done: z.int().nonnegative(), layers_total: z.int().nonnegative(),
  bytes_done: z.int().nonnegative(), bytes_total: z.int().nonnegative(),
});
export type ScanProgress = z.output<typeof ScanProgress>;
export const scanProgressSubject = 'live.scanner.progress.v1';

/** Where an image's inventory is kept. */
export const FindInventory = request('scanner', 'find-inventory.v1', { digest: Digest }, z.object({
  inventory: DocumentRef, platform: z.string().optional(), packages: z.int().nonnegative(), problems: z.int().nonnegative(), indexed_at: z.string(),
}));

/** A base image a project approved. `id` is the digest of its chain of layers: that is what it is known by. */
export const RegisteredBase = KnownBase.extend({ id: Digest, added_at: z.string() });
export type RegisteredBase = z.output<typeof RegisteredBase>;
/** So many fit into one message, and more than any project has. */
export const mostBases = 500;

/** Approves the image that `target` names now as a base image: only its documents are read. Adding the same chain again renames it. */
export const AddBase = request('scanner', 'add-base.v1', { project: Project, target: z.string().min(1).max(4096), platform: z.string().min(1).max(64).optional(), name: z.string().min(1).max(512).optional() }, RegisteredBase);
export const ListBases = request('scanner', 'list-bases.v1', { project: Project }, z.object({ items: z.array(RegisteredBase) }));
export const RemoveBase = request('scanner', 'remove-base.v1', { project: Project, id: Digest }, z.object({}));
