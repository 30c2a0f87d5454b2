import type { Answer, CompactFinding, DiffImages, ImageAsOf } from '@plimsoll/contracts';
import type { Inventory } from '@plimsoll/inventory';
import { type FindingRow, summaryOf, worstOf } from './image-findings.ts';

/** An image as of a revision, with what counts of it. */
export interface Side { readonly image: { readonly digest: string; readonly reference: string }; readonly inventory: Pick<Inventory, 'packages'>; readonly revision: number; readonly rows: readonly FindingRow[]; readonly uncovered: number }

/** Entries of a list; the totals count all. */
const listed = 500;

/** What differs between two sides. A problem of a package is one finding whatever the package's version, so that an upgrade that does not help shows nothing new. */
export function diffOf(from: Side, to: Side): Answer<typeof DiffImages> {
  const [before, after] = [findingsOf(from), findingsOf(to)];
  const added = [...after].flatMap(([key, finding]) => before.has(key) ? [] : [finding]);
  const removed = [...before].flatMap(([key, finding]) => after.has(key) ? [] : [finding]);
  const both = [...after].flatMap(([key, finding]) => before.has(key) ? [{ from: before.get(key)!, to: finding }] : []);
  const changed = both.filter((pair) => wordsOf(pair.from) !== wordsOf(pair.to));
  const packages = changedPackages(from.inventory, to.inventory);
  return {
    from: sideOf(from), to: sideOf(to),
    packages: packages.slice(0, listed), added: added.slice(0, listed), removed: removed.slice(0, listed), changed: changed.slice(0, listed),
    totals: { packages: packages.length, added: added.length, removed: removed.length, changed: changed.length, unchanged: both.length - changed.length },
  };
}

/** The worst of each (problem, package name): a name may be there in several versions. */
function findingsOf({ rows }: Side): Map<string, CompactFinding> {
  const counted = rows.filter(({ suppressed }) => suppressed === null);
  const findings = new Map<string, CompactFinding>();
  worstOf(counted, counted.length).forEach((finding, index) => {
    const key = `${finding.id}\0${counted[index]!.type}\0${finding.package}`;
    if (!findings.has(key)) findings.set(key, finding);
  });
  return findings;
}

const wordsOf = ({ state, severity, score, fix_state, fixed_version }: CompactFinding): string => JSON.stringify([state, severity, score, fix_state, fixed_version]);

const sideOf = ({ image: { digest, reference }, revision, rows, uncovered }: Side): ImageAsOf => ({ digest, reference, revision, summary: summaryOf(rows, uncovered) });

function changedPackages(from: Pick<Inventory, 'packages'>, to: Pick<Inventory, 'packages'>): Answer<typeof DiffImages>['packages'] {
  const versions = ({ packages }: Pick<Inventory, 'packages'>) => {
    const byName = new Map<string, Set<string>>();
    for (const { type, name, version } of packages) {
      const key = `${type}\0${name}`;
      byName.set(key, (byName.get(key) ?? new Set()).add(version));
    }
    return byName;
  };
  const [before, after] = [versions(from), versions(to)];
  return [...new Set([...before.keys(), ...after.keys()])].sort().flatMap((key) => {
    const [type, name] = key.split('\0') as [string, string];
    const [was, is] = [before.get(key) ?? new Set<string>(), after.get(key) ?? new Set<string>()];
    const [gone, come] = [[...was].filter((version) => !is.has(version)).sort(), [...is].filter((version) => !was.has(version)).sort()];
    return gone.length + come.length === 0 ? [] : [{ name, type, from: gone, to: come }];
  });
}
