import { OperatingSystem } from '@plimsoll/inventory';
import { z } from 'zod';
import { Digest, DocumentRef, Image, ProblemBody, Project } from './common.ts';
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
