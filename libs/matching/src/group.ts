import { isCve } from '@plimsoll/advisories';
import type { Hit } from './judge.ts';

/** The records that speak of one problem. */
export interface Problem {
  readonly id: string;
  readonly hits: readonly Hit[];
}

/**
 * Brings together records of the same problem. A record that lists problems (`vulnerabilities`) belongs to each of
 * them and joins none to another. Any other record belongs to the CVE it names; without one, to the CVE of the
 * nearest records it shares a name with; and where there is no CVE at all, all that share names are one problem
 * under their first id. So a GHSA and a PYSEC of one CVE meet, and two CVEs never do.
 */
export function groupByProblem(hits: readonly Hit[]): Problem[] {
  if (hits.length === 1 && hits[0]!.advisory.vulnerabilities.length === 0) return [{ id: cveOf(hits[0]!) ?? hits[0]!.advisory.id, hits }];
  const groups = new Map<string, Hit[]>();
  const put = (id: string, hit: Hit) => {
    const group = groups.get(id);
    if (group === undefined) groups.set(id, [hit]); else group.push(hit);
  };
  let nameless: Hit[] | undefined;
  for (const hit of hits) {
    const { vulnerabilities } = hit.advisory;
    if (vulnerabilities.length > 0) for (const id of vulnerabilities) put(id, hit);
    else {
      const cve = cveOf(hit);
      if (cve === undefined) (nameless ??= []).push(hit); else put(cve, hit);
    }
  }
  for (const hit of nameless ?? []) for (const id of problemsOf(hit, hits)) put(id, hit);
  return [...groups].map(([id, of]) => ({ id, hits: of }));
}

const cveOf = ({ advisory }: Hit): string | undefined => isCve(advisory.id) ? advisory.id : advisory.aliases.find(isCve);
const namesOf = ({ advisory }: Hit): readonly string[] => [advisory.id, ...advisory.aliases];

/** Walks shared names outwards, one step at a time, and stops at the first step that meets a CVE. */
function problemsOf(start: Hit, hits: readonly Hit[]): string[] {
  const single = hits.filter(({ advisory }) => advisory.vulnerabilities.length === 0);
  const met = new Set<Hit>([start]);
  let names = new Set(namesOf(start));
  for (;;) {
    const next = single.filter((hit) => !met.has(hit) && namesOf(hit).some((name) => names.has(name)));
    const cves = new Set(next.flatMap((hit) => cveOf(hit) ?? []));
    if (cves.size > 0) return [...cves].sort();
    if (next.length === 0) return [[...met].map(({ advisory }) => advisory.id).sort()[0]!];
    for (const hit of next) met.add(hit);
    names = new Set([...names, ...next.flatMap(namesOf)]);
  }
}
