import { z } from 'zod';
import { Digest, Project } from './common.ts';
import { event, type Body } from './message.ts';

/** Admission waits > push > scheduled. */
export const Priority = z.enum(['admission', 'push', 'scheduled']);
export type Priority = z.output<typeof Priority>;

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

/** A project has an image no more: everybody forgets what he keeps of it for that project. Said again when an event of before comes in late. */
export const ImageForgotten = event('gateway', 'image.forgotten.v1', {
  project: Project,
  /** Absent when the image was rejected before anybody knew it; then `reference` is the target it went by. */
  digest: Digest.optional(), reference: z.string().max(4096),
  /** A person deleted it, or the project keeps only so many. */
  why: z.enum(['deleted', 'retention']),
  by: z.string().max(256).optional(),
});
export type ImageForgotten = Body<typeof ImageForgotten>;
