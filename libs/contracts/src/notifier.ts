import { Severity } from '@plimsoll/matching';
import { z } from 'zod';
import { Digest, PageRequest, pageOf, Project, Timestamp } from './common.ts';
import { event, request, type Body } from './message.ts';
import { VerdictDecision } from './policy.ts';

/**
 * Which happenings a subscription wants. All given parts must hold; `decisions`, `reference` and `min_severity` speak of
 * verdicts, so a published revision is asked for by `events` alone.
 */
export const Filter = z.object({
  events: z.array(z.enum(['verdict.changed', 'revision.published'])).min(1).default(['verdict.changed']),
  decisions: z.array(VerdictDecision).min(1).optional(),
  /** Glob over the whole image reference: `*` is any text (also `/` and `:`), `?` one character: `registry.example/team/*`. */
  reference: z.string().max(512).optional(),
  /** The image's worst finding is at least this; an image whose findings cannot be told counts as bad enough. */
  min_severity: Severity.optional(),
});
export type Filter = z.output<typeof Filter>;

export const Channel = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('webhook'), url: z.url({ protocol: /^https?$/ }).max(2048) }),
  z.object({ kind: z.literal('email'), to: z.array(z.email()).min(1).max(50) }),
]);
export type Channel = z.output<typeof Channel>;

export const Subscription = z.object({ id: z.uuid(), project: Project, name: z.string(), filter: Filter, channel: Channel, created_at: Timestamp, paused: z.boolean() });
export type Subscription = z.output<typeof Subscription>;

export const CreateSubscription = request('notifier', 'create-subscription.v1', { project: Project, name: z.string().min(1).max(128), filter: Filter.prefault({}), channel: Channel },
  /** `secret` (Standard Webhooks, `whsec_…`) is shown this once. */
  Subscription.extend({ secret: z.string().optional() }));
export const ListSubscriptions = request('notifier', 'list-subscriptions.v1', { project: Project, ...PageRequest.shape }, pageOf(Subscription));
/** Its deliveries and their receipts go with it. */
export const DeleteSubscription = request('notifier', 'delete-subscription.v1', { project: Project, id: z.uuid() }, z.object({}));
/** Takes a subscription up again that its receiver ended with 410 Gone; what waited is sent. */
export const ResumeSubscription = request('notifier', 'resume-subscription.v1', { project: Project, id: z.uuid() }, Subscription);
/** A new webhook secret, shown this once; until `previous_secret_until` each webhook carries a signature by the old one too. */
export const RotateSecret = request('notifier', 'rotate-secret.v1', { project: Project, id: z.uuid() }, z.object({ secret: z.string(), previous_secret_until: Timestamp }));

export const Delivery = z.object({
  id: z.uuid(), subscription: z.uuid(), event_type: z.string(), state: z.enum(['waiting', 'delivered', 'dead']),
  attempts: z.int().nonnegative(), next_attempt_at: Timestamp.optional(), delivered_at: Timestamp.optional(),
  /** What the other side answered last: `200`, `connection refused`, `250 queued`. */
  last_answer: z.string().optional(), image: z.object({ reference: z.string(), digest: Digest.optional() }).optional(), created_at: Timestamp,
});
export type DeliveryBody = z.output<typeof Delivery>;
export const ListDeliveries = request('notifier', 'list-deliveries.v1', { project: Project, subscription: z.uuid().optional(), state: Delivery.shape.state.optional(), digest: Digest.optional(), ...PageRequest.shape }, pageOf(Delivery));
/** Sends it again, now and with all attempts anew, under the same webhook id; one that still waits is tried at once. */
export const ReplayDelivery = request('notifier', 'replay-delivery.v1', { project: Project, id: z.uuid() }, Delivery);

/** A notification reached its receiver. */
export const NotificationDelivered = event('notifier', 'delivery.succeeded.v1', { delivery: z.uuid(), subscription: z.uuid(), project: Project, push: z.uuid().optional(), digest: Digest.optional(), channel: z.string(), attempts: z.int() });
export type NotificationDelivered = Body<typeof NotificationDelivered>;

/** All attempts are used up; a person has to look. */
export const DeliveryFailed = event('notifier', 'delivery.failed.v1', { delivery: z.uuid(), subscription: z.uuid(), project: Project, digest: Digest.optional(), last_answer: z.string(), attempts: z.int() });
export type DeliveryFailed = Body<typeof DeliveryFailed>;
