import type { Affected, Range } from './advisory.ts';
import { compare } from './order.ts';

/** The end of a stretch of versions, or null where there is none. */
interface Bound { readonly version: string; readonly included: boolean }

/** Versions between two ends. */
export interface Stretch { readonly from: Bound | null; readonly to: Bound | null }

/** Thrown for a requirement that is no stretch of versions; its text is the reason. */
export class Inexact extends Error {
  override readonly name = 'Inexact';
}

/** The one stretch in which every comparison of a list holds, or undefined when none can hold together. Throws `Inexact` for `!=` and for versions without order. */
export function stretchOf(ecosystem: string, comparisons: readonly (readonly [operator: string, version: string])[]): Stretch | undefined {
  let from: Bound | null = null, to: Bound | null = null;
  for (const [operator, version] of comparisons) {
    const included = operator.endsWith('=');
    if (operator === '!=') throw new Inexact(`'!= ${version}' is no stretch of versions`);
    if (operator !== '<' && operator !== '<=') from = tighter(ecosystem, from, { version, included }, 1);
    if (operator !== '>' && operator !== '>=') to = tighter(ecosystem, to, { version, included }, -1);
  }
  if (from === null || to === null) return { from, to };
  const order = ordered(ecosystem, from.version, to.version);
  return order < 0 || (order === 0 && from.included && to.included) ? { from, to } : undefined;
}

function tighter(ecosystem: string, a: Bound | null, b: Bound, sign: 1 | -1): Bound {
  const order = a === null ? -1 : ordered(ecosystem, a.version, b.version) * sign;
  return a === null || order < 0 ? b : order > 0 ? a : { version: a.version, included: a.included && b.included };
}

function ordered(ecosystem: string, a: string, b: string): number {
  const order = compare(ecosystem, a, b);
  if (order === undefined) throw new Inexact(`'${a}' and '${b}' cannot be ordered`);
  return order;
}

/** All versions that lie in none of the given stretches. */
export function complement(ecosystem: string, stretches: readonly Stretch[]): Stretch[] {
  const sorted = [...stretches].sort((a, b) => a.from === null ? -1 : b.from === null ? 1 : ordered(ecosystem, a.from.version, b.from.version) || Number(b.from.included) - Number(a.from.included));
  const gaps: Stretch[] = [];
  let open: Bound | null | undefined = null;      // where the next gap begins; undefined: nothing is left
  for (const { from, to } of sorted) {
    if (open === undefined) break;
    if (from !== null) {
      const end: Bound = { version: from.version, included: !from.included };
      const order = open === null ? -1 : ordered(ecosystem, open.version, end.version);
      if (order < 0 || (order === 0 && open!.included && end.included)) gaps.push({ from: open, to: end });
    }
    if (to === null) { open = undefined; break; }
    const next: Bound = { version: to.version, included: !to.included };
    const order = open === null ? -1 : ordered(ecosystem, open.version, next.version);
    if (order < 0 || (order === 0 && open!.included)) open = next;
  }
  if (open !== undefined) gaps.push({ from: open, to: null });
  return gaps;
}

/** What lies in one of `a` and in one of `b`. */
export const overlaps = (ecosystem: string, a: readonly Stretch[], b: readonly Stretch[]): Stretch[] =>
  a.flatMap((one) => b.flatMap((other) => stretchOf(ecosystem, [...comparisonsOf(one), ...comparisonsOf(other)]) ?? []));

const comparisonsOf = ({ from, to }: Stretch): (readonly [operator: string, version: string])[] => [
  ...(from === null ? [] : [[from.included ? '>=' : '>', from.version] as const]),
  ...(to === null ? [] : [[to.included ? '<=' : '<', to.version] as const]),
];

type Common = Pick<Affected, 'ecosystem' | 'name' | 'fix_state' | 'vendor_status'>;

/** Stretches as one affected entry; without any, none is affected. */
export function entryOf(common: Common, stretches: readonly Stretch[]): Affected {
  if (stretches.length === 0) return { ...common, status: 'not-affected' };
  if (stretches.some(({ from, to }) => from === null && to === null)) return { ...common, status: 'affected' };
  return { ...common, status: 'affected', ranges: stretches.map((stretch) => rangeOf(common.ecosystem, stretch)) };
}

const rangeOf = (ecosystem: string, { from, to }: Stretch): Range => ({
  ...(from === null ? {} : { introduced: from.included ? from.version : next(ecosystem, from.version) }),
  ...(to === null ? {} : to.included ? { last_affected: to.version } : { fixed: to.version }),
});

/** A range begins with a version that belongs to it, so one that begins after a version begins with the first that anybody would call so. */
function next(ecosystem: string, version: string): string {
  switch (ecosystem) {
    // Zeros at the end make no difference: 1.2 = 1.2.0.0 < 1.2.0.0.0.0.1 < 1.2.0.1.
    case 'RubyGems': case 'Ruby': return `${version}.0.0.0.0.1`;
    // Of a release the next is the first pre-release of the next patch, of a pre-release the one with a zero more: SemVer 2.0, section 11.
    case 'npm': case 'Node.js': return nextOfSemver(version) ?? inexact(version);
    // Composer has four numbers, and patches of a version come after it and before the next number.
    case 'Packagist': if (/^v?\d+(?:\.\d+){0,3}$/.test(version)) return `${version}-patch0`;
  }
  return inexact(version);
}

const inexact = (version: string): never => { throw new Inexact(`'> ${version}' begins with no version that could be named`); };

function nextOfSemver(version: string): string | undefined {
  const [, major, minor, patch, prerelease] = /^v?(\d+)\.(\d+)\.(\d+)(?:-([0-9A-Za-z.-]+))?(?:\+.*)?$/.exec(version) ?? [];
  if (patch === undefined) return undefined;
  return prerelease === undefined ? `${major}.${minor}.${BigInt(patch) + 1n}-0` : `${major}.${minor}.${patch}-${prerelease}.0`;
}
