import type { Draft, ImageIndexed, ImageMatched, ImageRejected, NotificationDelivered, PushJudged, Verdict } from '@plimsoll/contracts';
import type { FindingSummary } from '@plimsoll/matching';

/** Bodies of events as the other services would say them; change one thing. */
export const digestOf = (letter: string): string => `sha256:${letter.repeat(64)}`;

const none = { critical: 0, high: 0, medium: 0, low: 0, unknown: 0, negligible: 0 };
export const summary = (counts: Partial<typeof none> = {}): FindingSummary =>
  ({ total: Object.values(counts).reduce((sum, count) => sum + count, 0), by_severity: { ...none, ...counts }, fixable: none, undetermined: 0, not_covered: 0 });

export interface Of { push: string; project?: string; digest?: string; reference?: string }
const imageOf = ({ project = 'team-a', digest = digestOf('a'), reference = 'registry.example/app:1' }: Of) => ({ project, digest, reference });
const about = { os: { id: 'debian', version_id: '12', name: 'Debian GNU/Linux 12' }, packages: 88, problems: 0, configuration: {} };

export const indexed = (of: Of): Draft<typeof ImageIndexed> =>
  ({ push: of.push, image: imageOf(of), platform: 'linux/amd64', inventory: { digest: digestOf('1'), size: 2, media_type: 'application/json' }, ...about });

export const matched = (of: Partial<Of>, revision: number, counts: Partial<typeof none> = {}): Draft<typeof ImageMatched> =>
  ({ ...(of.push ? { push: of.push } : {}), image: imageOf(of as Of), platform: 'linux/amd64', ...about, revision: { number: revision, published_at: '2026-01-01T00:00:00Z' }, summary: summary(counts), worst: [], added: [], removed: [] });

export const rejected = ({ push, project = 'team-a', digest, reference = 'registry.example/app:1' }: Of): Draft<typeof ImageRejected> =>
  ({ push, project, target: reference, digest, problem: { kind: 'invalid', detail: 'layer 2 ends early', code: 'layer-truncated' } });

export const verdict = (of: Of, decision: Verdict['decision'], decidedAt = '2026-01-01T00:00:01.000Z'): Verdict =>
  ({ ...imageOf(of), decision, reasons: [{ rule: 'no-critical', outcome: 'deny', message: '1 critical finding' }], policy: { name: 'default', digest: digestOf('2') }, input_digest: digestOf('3'), revision: 1, decided_at: decidedAt });

export const judged = (of: Of, decision: Verdict['decision'], decidedAt?: string): Draft<typeof PushJudged> => ({ push: of.push, verdict: verdict(of, decision, decidedAt) });

export const notified = ({ push, project = 'team-a', digest = digestOf('a') }: Of): Draft<typeof NotificationDelivered> =>
  ({ delivery: crypto.randomUUID(), subscription: crypto.randomUUID(), project, push, digest, channel: 'webhook', attempts: 1 });
