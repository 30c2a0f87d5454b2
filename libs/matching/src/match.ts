import type { Inventory, OperatingSystem, Package } from '@plimsoll/inventory';
import type { VexStatement } from '@plimsoll/advisories';
import { type AdvisoryIndex, statementsByName } from './advisory-index.ts';
import { type Coordinates, coordinatesOf } from './ecosystem-of.ts';
import type { Finding, FindingSummary, NotCovered } from './finding.ts';
import { judge, type Judgement, type Subject } from './judge.ts';
import { summarize } from './summarize.ts';
import { withVex } from './with-vex.ts';

/** Everything known to be wrong, or not to be known, about the packages of a target. */
export interface Matched {
  /** In the order of the packages; of state `affected` and `undetermined`, and of every state with `all`. */
  readonly findings: Finding[];
  readonly not_covered: NotCovered[];
  readonly summary: FindingSummary;
}

/** What matching needs of an inventory; the target is for VEX statements about it. */
export type Matchable = Pick<Inventory, 'os' | 'packages'> & Partial<Pick<Inventory, 'target'>>;

export interface MatchOptions {
  /** Every answer, also that something is fixed or not affected. */
  readonly all?: boolean;
  /** Statements besides those of the index. */
  readonly vex?: Iterable<VexStatement>;
}

/**
 * Matches packages against advisories: a pure function of the two. A language package owned by an operating-system
 * package is left to that package and its vendor. Packages no source speaks of are listed, never counted as clean.
 */
export function match(inventory: Matchable, index: AdvisoryIndex, options: MatchOptions = {}): Matched {
  const { os, packages } = inventory;
  const given = statementsByName(options.vex ?? []);
  const statements = (name: string) => given.size === 0 ? index.statements(name) : [...index.statements(name), ...given.get(name) ?? []];
  const findings: Finding[] = [], uncovered: NotCovered[] = [];
  // Packages built from one source are one question.
  const judged = new Map<string, readonly Judgement[]>();
  const owners = packages.some(({ owner }) => owner !== undefined) ? new Map(packages.map((found) => [found.purl, found])) : undefined;
  for (const found of packages) {
    const answer = subjectOf(found, os, index, owners);
    if (answer === 'owned') continue;
    if ('reason' in answer) uncovered.push(answer);
    const subject = 'reason' in answer ? strayed(found, os, answer) : answer;
    if (subject === undefined) continue;
    const key = subjectKey(subject), judgements = judged.get(key) ?? judge(index, subject, options.all);
    judged.set(key, judgements);
    if (judgements.length === 0) continue;
    const place = placeOf(found);
    for (const judgement of judgements) findings.push(withVex({ ...judgement, package: place }, found, statements, inventory));
  }
  return { findings, not_covered: uncovered, summary: summarize(findings, uncovered.length) };
}

const subjectKey = ({ ecosystem, name, version, module = '', arch = '', other }: Subject): string => `${ecosystem}\0${name}\0${version}\0${module}\0${arch}\0${other?.name ?? ''}\0${other?.version ?? ''}`;

/** What is known of a package is said even where nobody knows everything: private advisories, records strayed from another feed. */
function strayed(found: Package, os: OperatingSystem | null, { reason }: NotCovered): Subject | undefined {
  const coordinates = reason === 'release-not-covered' ? coordinatesOf(found, os) : undefined;
  return coordinates === undefined || typeof coordinates === 'string' ? undefined : asSubject(found, coordinates);
}

const asSubject = (found: Package, coordinates: Coordinates): Subject =>
  found.type === 'rpm' ? { ...coordinates, module: found.module, arch: found.arch } : coordinates;

/** What is looked up for a package; `owned` when its owner answers for it; or why nothing is. */
export function subjectOf(found: Package, os: OperatingSystem | null, index: AdvisoryIndex, owners?: ReadonlyMap<string, Package>): Subject | NotCovered | 'owned' {
  const uncovered = (reason: NotCovered['reason'], ecosystem?: string): NotCovered =>
    ({ purl: found.purl, name: found.name, version: found.version, type: found.type, reason, ...(ecosystem === undefined ? {} : { ecosystem }) });
  const owner = found.owner === undefined ? undefined : owners?.get(found.owner);
  if (found.owner !== undefined && owner !== found) {
    const answer = owner === undefined ? undefined : subjectOf(owner, os, index);
    return answer !== undefined && answer !== 'owned' && !('reason' in answer) ? 'owned' : uncovered('owner-not-covered');
  }
  const coordinates = coordinatesOf(found, os);
  if (typeof coordinates === 'string') return uncovered(coordinates);
  if (!index.covers(coordinates.ecosystem)) return uncovered('release-not-covered', coordinates.ecosystem);
  return asSubject(found, coordinates);
}

/** Where a finding's package is, in a finding's words. */
export const placeOf = ({ purl, name, version, type, layer, locations, source, base }: Package): Finding['package'] => ({
  purl, name, version, type,
  ...(layer === undefined ? {} : { layer }),
  ...(locations[0] === undefined ? {} : { path: locations[0].path }),
  ...(source === undefined || (source.name === name && source.version === version) ? {} : { source }),
  ...(base === undefined ? {} : { base }),
});
