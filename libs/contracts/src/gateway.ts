import { z } from 'zod';
import { Digest, Project } from './common.ts';
import { event, type Body } from './message.ts';

/** Admission waits > push > scheduled. */
export const Priority = z.enum(['admission', 'push', 'scheduled']);

/** Somebody pushed or submitted an image: a person, a pipeline or a registry's webhook. */
export const ImagePushed = event('gateway', 'image.pushed.v1', {
  /** This push, from acceptance to verdict: the operation people poll. */
  push: z.uuid(),
  project: Project,
  /** A target as skopeo names it; for the platform usually a registry reference. */
  target: z.string().min(1).max(4096),
  /** Known when a webhook told it; the scanner refuses anything else under that name. */
  digest: Digest.optional(),
  platform: z.string().max(64).optional(),
  priority: Priority.default('push'),
});
export type ImagePushed = Body<typeof ImagePushed>;
