import { Digest } from '@plimsoll/contracts';
import { Problem } from '@plimsoll/problem';
import { z } from 'zod';

/** One image that a registry says was pushed. `event` names the happening, so that a repeated notification is recognised. */
export interface RegistryPush { readonly event: string; readonly target: string; readonly digest: string }
export interface RegistryNews { readonly pushes: readonly RegistryPush[]; readonly ignored: number }

/** Events read from one notification at most. */
const maxEvents = 500;
const text = z.string().min(1).max(1024);

/**
 * CNCF Distribution's envelope (distribution/notifications/event.go; docs "Work with notifications"). Pushes of blobs, pulls,
 * mounts and deletes are not ours.
 */
const Distribution = z.object({ events: z.array(z.unknown()).max(maxEvents) });
const DistributionPush = z.object({
  id: text, action: z.literal('push'),
  target: z.object({ mediaType: z.string(), digest: Digest, repository: text, tag: text.optional() }),
  request: z.object({ host: text.optional() }).optional(),
  source: z.object({ addr: text.optional() }).optional(),
});

/** Harbor's webhook (harbor docs, "Configure Webhook Notifications"): default payload, and the same data as CloudEvents 1.0. */
const HarborData = z.object({ resources: z.array(z.object({ digest: Digest, tag: text.optional(), resource_url: text })).max(maxEvents) });
const HarborDefault = z.object({ type: text, occur_at: z.number(), event_data: z.unknown() });
const HarborCloudEvent = z.object({ specversion: z.string().startsWith('1.'), id: text, source: text, type: z.string().startsWith('harbor.'), data: z.unknown() });

const manifestTypes = new Set([
  'application/vnd.oci.image.manifest.v1+json', 'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json', 'application/vnd.docker.distribution.manifest.list.v2+json',
]);

/** Reads a notification of any registry we know; Problem `webhook-unknown` for what is none, `webhook-malformed` for a push that lacks its image. */
export function readRegistryNews(body: unknown): RegistryNews {
  const cloud = HarborCloudEvent.safeParse(body);
  if (cloud.success) return harbor(cloud.data.type === 'harbor.artifact.pushed', `${cloud.data.source} ${cloud.data.id}`, cloud.data.data);
  const plain = HarborDefault.safeParse(body);
  if (plain.success) return harbor(plain.data.type === 'PUSH_ARTIFACT', `harbor ${plain.data.occur_at}`, plain.data.event_data);
  const envelope = Distribution.safeParse(body);
  if (envelope.success) return distribution(envelope.data.events);
  throw new Problem('invalid', 'this is neither a Distribution notification nor a Harbor webhook', { code: 'webhook-unknown' });
}

function harbor(isPush: boolean, event: string, data: unknown): RegistryNews {
  if (!isPush) return { pushes: [], ignored: 1 };
  const { resources } = well(HarborData, data);
  return {
    ignored: 0,
    // resource_url is `host/project/name:tag`, or `…@sha256:…` for a push without a tag; then `tag` repeats the digest.
    pushes: resources.map(({ digest, tag, resource_url }) => ({ event: `${event} ${digest} ${tag ?? ''}`, digest, target: target(nameOf(resource_url), tag === digest ? undefined : tag, digest) })),
  };
}

function distribution(events: readonly unknown[]): RegistryNews {
  const pushed = events.filter((event) => isManifestPush(event)).map((event) => well(DistributionPush, event));
  return {
    ignored: events.length - pushed.length,
    pushes: pushed.map(({ id, target: { digest, repository, tag }, request, source }) => {
      const host = request?.host ?? source?.addr;
      if (!host) throw new Problem('invalid', `event ${id} does not say which host was pushed to`, { code: 'webhook-malformed' });
      return { event: `distribution ${id}`, digest, target: target(`${host}/${repository}`, tag, digest) };
    }),
  };
}

const isManifestPush = (event: unknown): boolean => {
  const read = z.object({ action: z.string(), target: z.object({ mediaType: z.string() }) }).safeParse(event);
  return read.success && read.data.action === 'push' && manifestTypes.has(read.data.target.mediaType);
};

/** Tag and digest: people know the tag, the scanner goes by the digest. */
const target = (name: string, tag: string | undefined, digest: string): string => `${name}${tag === undefined ? '' : `:${tag}`}@${digest}`;

const nameOf = (url: string): string => url.replace(/@sha256:[0-9a-f]{64}$/, '').replace(/:[\w][\w.-]{0,127}$/, '');

function well<S extends z.ZodType>(schema: S, value: unknown): z.output<S> {
  const read = schema.safeParse(value);
  if (read.success) return read.data;
  throw new Problem('invalid', `the push event is malformed: ${read.error.issues[0]!.path.join('.')}: ${read.error.issues[0]!.message}`, { code: 'webhook-malformed' });
}

