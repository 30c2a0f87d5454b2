import type { Range } from './advisory.ts';
import { compare } from './order.ts';

/** One event of an OSV range; exactly one field should be there, and all that are count. */
export interface OsvEvent {
  readonly introduced?: string | null | undefined;
  readonly fixed?: string | null | undefined;
  readonly last_affected?: string | null | undefined;
  readonly limit?: string | null | undefined;
}

const kinds = ['introduced', 'fixed', 'last_affected', 'limit'] as const;
type Kind = typeof kinds[number];

/**
 * The stretches of versions that a range's events mean, by OSV's evaluation algorithm
 * (https://ossf.github.io/osv-schema/#evaluation): in version order, `introduced` opens and `fixed` or
 * `last_affected` closes; nothing at or above the largest `limit` counts. Events whose versions cannot be
 * ordered stay as listed: what they mean is then found out, or not, when a version is compared with them.
 */
export function rangesOf(ecosystem: string, events: readonly OsvEvent[]): Range[] {
  const steps: { kind: Kind; version: string }[] = [];
  for (const event of events) {
    for (const kind of kinds) {
      const version = event[kind];
      if (version) steps.push({ kind, version });
    }
  }
  const limits = steps.filter(({ kind, version }) => kind === 'limit' && version !== '*').map(({ version }) => version);
  const limit = limits.length === 0 || steps.some(({ kind, version }) => kind === 'limit' && version === '*') ? undefined
    : limits.reduce((highest, version) => (order(ecosystem, version, highest) ?? 0) > 0 ? version : highest);
  const ranges: Range[] = [];
  let open: string | undefined;
  for (const { kind, version } of sorted(ecosystem, steps.filter((step) => step.kind !== 'limit'))) {
    if (kind === 'introduced') open ??= version;
    else if (open !== undefined) {
      ranges.push({ ...from(open), [kind]: version });
      open = undefined;
    }
  }
  if (open !== undefined) ranges.push(from(open));
  return limit === undefined ? ranges : ranges.flatMap((range) => within(ecosystem, range, limit));
}

const from = (version: string): Range => version === '0' ? {} : { introduced: version };

/** `0` stands before every version, whatever the scheme makes of it. */
const order = (ecosystem: string, a: string, b: string): number | undefined =>
  a === b ? 0 : a === '0' ? -1 : b === '0' ? 1 : compare(ecosystem, a, b);

/** Sorted by version; as listed when any two cannot be compared. Of equal versions the earlier listed stays first. */
function sorted(ecosystem: string, steps: readonly { kind: Kind; version: string }[]): readonly { kind: Kind; version: string }[] {
  let comparable = true, inOrder = true;
  for (let index = 1; index < steps.length; index++) {
    const result = order(ecosystem, steps[index - 1]!.version, steps[index]!.version);
    if (result === undefined) comparable = false;
    else if (result > 0) inOrder = false;
  }
  return inOrder || !comparable ? steps : [...steps].sort((a, b) => order(ecosystem, a.version, b.version) ?? 0);
}

function within(ecosystem: string, range: Range, limit: string): Range[] {
  if (range.introduced !== undefined && (order(ecosystem, range.introduced, limit) ?? -1) >= 0) return [];
  const end = range.fixed ?? range.last_affected;
  if (end !== undefined && (order(ecosystem, end, limit) ?? -1) < 0) return [range];
  if (range.fixed !== undefined && order(ecosystem, range.fixed, limit) === 0) return [range];
  return [{ ...(range.introduced === undefined ? {} : { introduced: range.introduced }), limit }];
}
