import { less } from './comparators.spec-helper.ts';
import type { Finding, State } from './finding.ts';

/**
 * Recomputes an answer from its proof alone. Shares no code with the matcher, its keys, its index or its comparators: those
 * of `comparators.spec-helper.ts` were written for it, and dpkg is asked whether they are right where dpkg is there.
 */
export function check({ proof, state }: Finding): string | undefined {
  const answer = recompute(proof);
  return answer === state ? undefined : `${proof.advisory} ${proof.name} ${proof.version}: proof says ${answer}, finding ${state} (${JSON.stringify(proof)})`;
}

function recompute(proof: Finding['proof']): State {
  const { range, ranges, version, scheme, because, status = 'affected' } = proof;
  const before = (a: string, b: string) => less(scheme, a, b);
  const holds = (r: NonNullable<typeof range>) =>
    (r.introduced === undefined || before(version, r.introduced) === false)
    && (r.fixed === undefined || before(version, r.fixed) === true)
    && (r.limit === undefined || before(version, r.limit) === true)
    && (r.last_affected === undefined || before(r.last_affected, version) === false);
  const cannotTell = () => (ranges ?? []).some((r) => [r.introduced, r.fixed, r.last_affected, r.limit].some((bound) => bound !== undefined && before(version, bound) === undefined));
  const named = { affected: 'affected', fixed: 'fixed', 'not-affected': 'not-affected', undetermined: 'undetermined' }[status] as State;
  switch (because) {
    case 'withdrawn': return 'not-affected';
    case 'other-module': return proof.module!.advisory === proof.module!.package?.split(':').slice(0, 2).join(':') ? 'affected' : 'not-affected';
    case 'module-unknown': return proof.module!.package === undefined && /\.module[+_]/.test(version) ? 'undetermined' : 'not-affected';
    case 'other-architecture': return proof.arch!.advisory.includes(proof.arch!.package!) ? 'affected' : 'not-affected';
    case 'every-version': case 'vendor-not-affected': case 'vendor-fixed': case 'vendor-undetermined':
      return range === undefined || range.versions !== undefined || holds(range) ? named : 'not-affected';
    case 'listed': return range!.versions!.some((listed) => listed === version || (before(listed, version) === false && before(version, listed) === false)) ? named : 'not-affected';
    case 'in-range': return holds(range!) ? named : 'not-affected';
    case 'version-unreadable': case 'bound-unreadable':
      return ranges !== undefined ? (cannotTell() ? 'undetermined' : 'not-affected') : 'undetermined';
    default: {
      if ((ranges ?? []).some(holds)) return 'affected';
      if (range?.versions?.includes(version)) return 'affected';
      const past = (ranges ?? []).filter((r) => (r.fixed !== undefined && before(version, r.fixed) === false) || (r.last_affected !== undefined && before(r.last_affected, version) === true) || (r.limit !== undefined && before(version, r.limit) === false));
      const nearest = past.reduce<(typeof past)[number] | undefined>((best, r) => best === undefined || before(end(best)!, end(r)!) === true ? r : best, undefined);
      return nearest?.fixed !== undefined ? 'fixed' : 'not-affected';
    }
  }
}

const end = (range: { fixed?: string | undefined; last_affected?: string | undefined; limit?: string | undefined }) => range.fixed ?? range.last_affected ?? range.limit;
