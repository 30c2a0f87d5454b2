import { type Affected, familyOf, isCve, namesBinaries, type Range, type Scored, type Severity, severityOf } from '@plimsoll/advisories';
import { type AdvisoryHead, type AdvisoryIndex, mayBeWrong, type Said } from './advisory-index.ts';
import { type Decision, decide } from './decide.ts';
import type { Coordinates } from './ecosystem-of.ts';
import { enrich, scoreOf } from './enrich.ts';
import type { Finding, Proof, Score, State } from './finding.ts';
import { groupByProblem } from './group.ts';
import { keyedEntry, type KeyedVersion, keyedVersion, keyOf } from './keyed.ts';

/** A finding of a package version, before it is known in which package of which target it sits. */
export type Judgement = Omit<Finding, 'package'>;

/** What is compared, and what only some entries mean: rpm module (`nodejs:18`) and architecture. */
export interface Subject extends Coordinates {
  readonly module?: string | undefined;
  readonly arch?: string | undefined;
}

/** One record that speaks of the subject, with its answer. */
export interface Hit extends Decision {
  readonly advisory: AdvisoryHead;
  readonly affected: Affected;
  /** What was compared, where it was not the subject's own name and version. */
  readonly as?: { readonly name: string; readonly version: KeyedVersion };
}

/** Worst first: of several records of one problem the worst answer counts. */
const states: readonly State[] = ['affected', 'undetermined', 'fixed', 'not-affected'];

/**
 * Everything the index says of one package version, one judgement per problem. Without `all` only what is affected
 * or undetermined.
 */
export function judge(index: AdvisoryIndex, subject: Subject, all = false): Judgement[] {
  const version = keyedVersion(subject.ecosystem, subject.version);
  const own = hitsOf(index, subject, { name: subject.name, version }, all, subject.named);
  const hits = subject.other === undefined ? own : [...own, ...otherHits(index, subject, subject.other, version, all)];
  if (hits.length === 0) return [];
  return withSubscription(index, subject, version, answersOfHits(hits, subject, version)).map((judgement) => enrich(judgement, index.enrichments(judgement.id)));
}

interface Asked { readonly name: string; readonly version: KeyedVersion }

/** What records say of a name; with `named` only those that mean that kind of name by it. */
function hitsOf(index: AdvisoryIndex, subject: Subject, asked: Asked, all: boolean, named: Subject['named'], as?: Asked): Hit[] {
  const hits: Hit[] = [];
  for (const said of index.ask(subject.ecosystem, asked.name, asked.version, all)) {
    const hit = withRecord(said, subject, asked.version);
    if (named !== undefined && kindOf(hit.affected) !== named) continue;
    if (all || mayBeWrong(hit)) hits.push(as === undefined ? hit : { ...hit, as });
  }
  return hits;
}

const kindOf = ({ names, ecosystem }: Affected): 'source' | 'binary' => names ?? (namesBinaries(ecosystem) ? 'binary' : 'source');

/**
 * What records say that use the other name. Of one source the built package's own record counts more than one about all that
 * was built from the same source: where both speak of a problem, only the first is heard.
 */
function otherHits(index: AdvisoryIndex, subject: Subject, { name, version: text }: NonNullable<Subject['other']>, own: KeyedVersion, all: boolean): Hit[] {
  const asked = { name, version: text === own.text ? own : keyedVersion(subject.ecosystem, text) };
  const isSource = subject.named === 'binary';
  const found = hitsOf(index, subject, asked, all, isSource ? 'source' : 'binary', asked);
  if (found.length === 0 || !isSource) return found;
  const spoken = new Set(hitsOf(index, subject, { name: subject.name, version: own }, true, 'binary').flatMap(({ advisory }) => problemsOf(advisory).map((id) => `${advisory.source}\0${id}`)));
  return found.filter(({ advisory }) => !problemsOf(advisory).some((id) => spoken.has(`${advisory.source}\0${id}`)));
}

const problemsOf = ({ id, aliases, vulnerabilities }: AdvisoryHead): readonly string[] => vulnerabilities.length > 0 ? vulnerabilities : [[id, ...aliases].find(isCve) ?? id];

/** Ubuntu repairs some packages for subscribers alone. The package is judged by what everybody gets; that there is a repair is told beside. */
function withSubscription(index: AdvisoryIndex, subject: Subject, version: KeyedVersion, judgements: Judgement[]): Judgement[] {
  if (!/^Ubuntu:\d/.test(subject.ecosystem) || judgements.every(({ state, fix_state }) => state !== 'affected' || fix_state === 'available')) return judgements;
  const pro = { ...subject, ecosystem: subject.ecosystem.replace(':', ':Pro:') };
  const repairs = new Map(answersOfHits(hitsOf(index, pro, { name: subject.name, version }, false, subject.named), pro, version).map((one) => [one.id, one.fixed_version]));
  return judgements.map((one) => {
    const fixed = one.state === 'affected' && one.fix_state !== 'available' ? repairs.get(one.id) : undefined;
    return fixed === undefined ? one : { ...one, subscription: { name: 'Ubuntu Pro', fixed_version: fixed } };
  });
}

/** Records with their answers become one judgement per problem. */
export const answersOfHits = (hits: readonly Hit[], subject: Subject, version: KeyedVersion): Judgement[] =>
  groupByProblem(hits).map(({ id, hits: of }) => judgement(id, of, subject, version));

/** Fetches the record and applies what only its text can tell: single versions behind a hash, module, architecture. */
function withRecord(said: Said, subject: Subject, version: KeyedVersion): Hit {
  const { advisory, affected } = said.read(), { decision } = said;
  const stream = subject.module?.split(':').slice(0, 2).join(':');
  if (affected.module !== undefined && affected.module !== stream) {
    const mayBe = stream === undefined && isOfModule.test(subject.version) && decision.state !== 'fixed' && decision.state !== 'not-affected';
    return { advisory, affected, ...(mayBe ? { state: 'undetermined', because: 'module-unknown', range: decision.range } : { state: 'not-affected', because: 'other-module', range: -1 }) };
  }
  if (affected.arches !== undefined && subject.arch !== undefined && !affected.arches.includes(subject.arch)) return { advisory, affected, state: 'not-affected', because: 'other-architecture', range: -1 };
  if (decision.because !== 'listed' || listedAs(affected, version) !== undefined) return { advisory, affected, ...decision };
  const again = decide({ ...keyedEntry(affected, advisory.withdrawn !== undefined), versions: new Uint32Array() }, version);
  return { advisory, affected, ...(again ?? { state: 'not-affected', because: 'not-listed', range: -1 }) };
}

/** A build for some module stream, `1.2-3.module+el8.4.0+`, `.module_el8.`; which one its release does not say (https://docs.fedoraproject.org/en-US/modularity/). */
const isOfModule = /\.module[+_]/;

/** The listed version that equals the subject's, as the publisher wrote it. */
const listedAs = (affected: Affected, version: KeyedVersion): string | undefined =>
  affected.versions?.find((listed) => listed === version.text || (version.key !== null && keyOf(version.scheme, listed) === version.key));

function judgement(id: string, hits: readonly Hit[], subject: Subject, version: KeyedVersion): Judgement {
  const state = hits.length === 1 ? hits[0]!.state : states.find((worst) => hits.some((hit) => hit.state === worst))!;
  const records = ranked(hits, state, version), decider = records[0]!;
  const { advisory, affected } = decider;
  const fixed = state === 'affected' || state === 'undetermined' ? fixOf(decider, decider.as?.version ?? version) : affected.ranges?.[decider.range]?.fixed;
  const { severity, scored } = ratingOf(records, subject.ecosystem);
  const title = records.find((hit) => hit.advisory.title !== undefined)?.advisory.title;
  const published = records.find((hit) => hit.advisory.published !== undefined)?.advisory.published;
  const scores = scoresOf(records, scored);
  // Field by field: spreading what is or is not there took half of the time of a large report.
  const made: Mutable<Judgement> = {
    id, aliases: otherNames(id, records),
    advisories: records.length === 1 ? [advisory.id] : [...new Set(records.map((hit) => hit.advisory.id))],
    advisory: advisory.id, source: advisory.source, state, severity,
    // A repair of some other stretch is none for this version.
    fix_state: fixed !== undefined ? 'available' : state === 'affected' && affected.fix_state === 'available' ? 'none-yet' : affected.fix_state,
    proof: proofOf(decider, subject, version),
  };
  if (fixed !== undefined) made.fixed_version = fixed;
  if (scored !== undefined) { made.score = scored.score!; made.vector = scored.vector; }
  if (scores.length > 0) made.scores = scores;
  if (title !== undefined) made.title = title;
  if (published !== undefined) made.published = published;
  if (advisory.modified !== undefined) made.modified = advisory.modified;
  return made;
}

type Mutable<T> = { -readonly [field in keyof T]: T[field] };

/** What else the problem is called; a notice's id is the name of no problem. */
function otherNames(id: string, records: readonly Hit[]): string[] {
  const names: string[] = [];
  const add = (name: string) => { if (name !== id && !names.includes(name)) names.push(name); };
  for (const { advisory } of records) {
    if (advisory.vulnerabilities.length > 0) continue;
    add(advisory.id);
    advisory.aliases.forEach(add);
  }
  return names.sort();
}

/** The record that decides comes first: of those with the answer, the one repaired last, then one that is scored, then by names. */
function ranked(hits: readonly Hit[], state: State, version: KeyedVersion): readonly Hit[] {
  if (hits.length === 1) return hits;
  const rank = (hit: Hit) => {
    const fixed = fixOf(hit, hit.as?.version ?? version);
    return { hit, isDecider: hit.state === state, fixed: fixed === undefined ? '' : keyOf(version.scheme, fixed) ?? '\x00', isScored: hit.advisory.severities.some(({ score }) => score !== undefined) };
  };
  return hits.map(rank).sort((a, b) =>
    Number(b.isDecider) - Number(a.isDecider) || (a.fixed < b.fixed ? 1 : a.fixed > b.fixed ? -1 : 0)
    || Number(b.isScored) - Number(a.isScored) || compareText(a.hit.advisory.id, b.hit.advisory.id) || compareText(a.hit.advisory.source, b.hit.advisory.source)
    || compareText(a.hit.advisory.key, b.hit.advisory.key)).map(({ hit }) => hit);
}

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** The version that repairs: the end of the deciding stretch; for a listed version the lowest repair above it; where it cannot be told, the only one there is. */
function fixOf({ affected, range, because, state }: Hit, version: KeyedVersion): string | undefined {
  if (range >= 0) return affected.ranges?.[range]?.fixed;
  const fixes = affected.ranges?.flatMap(({ fixed }) => fixed ?? []) ?? [];
  if (state === 'undetermined') return fixes.length === 1 ? fixes[0] : undefined;
  if (because !== 'listed') return undefined;
  return fixes.map((fixed) => ({ fixed, key: keyOf(version.scheme, fixed) }))
    .filter(({ key }) => key !== null && version.key !== null && key > version.key)
    .sort((a, b) => a.key! < b.key! ? -1 : 1)[0]?.fixed;
}

/**
 * Severity in this order, the deciding record before the others of its problem:
 * 1. the vendor's word for this package; 2. for a distribution, the vendor's word for the problem;
 * 3. CVSS, the newest version there is, of several the highest; 4. the publisher's word; 5. `unknown`.
 */
function ratingOf(records: readonly Hit[], ecosystem: string): { severity: Severity; scored: Scored | undefined } {
  let scored: Scored | undefined;
  for (const { advisory } of records) {
    for (const one of advisory.severities) {
      if (one.score !== undefined && (scored === undefined || one.type > scored.type || (one.type === scored.type && one.score > scored.score!))) scored = one;
    }
  }
  const isDistribution = familyOf(ecosystem) !== ecosystem;
  const word = records.find(({ advisory }) => advisory.severity !== undefined)?.advisory.severity;
  const severity = records.find(({ affected }) => affected.severity !== undefined)?.affected.severity
    ?? (isDistribution ? word : undefined)
    ?? (scored === undefined ? word : severityOf(scored.score!))
    ?? 'unknown';
  return { severity, scored };
}

/** Every vector of every record, the one that counts first. */
function scoresOf(records: readonly Hit[], best: Scored | undefined): Score[] {
  const scores: Score[] = [];
  for (const { advisory } of records) {
    for (const one of advisory.severities) {
      if (scores.some(({ vector, by }) => vector === one.vector && by === advisory.source)) continue;
      if (one === best) scores.unshift(scoreOf(one, advisory.source)); else scores.push(scoreOf(one, advisory.source));
    }
  }
  return scores;
}

function proofOf(hit: Hit, subject: Subject, version: KeyedVersion): Proof {
  const { advisory, affected, because, state } = hit, compared = hit.as?.version ?? version;
  const range: Range | undefined = affected.ranges?.[hit.range];
  const listed = because === 'listed' ? [listedAs(affected, compared)!] : undefined;
  const needsAll = because !== 'in-range' && because !== 'listed' && because !== 'withdrawn';
  const proof: Mutable<Proof> = {
    ecosystem: subject.ecosystem, name: hit.as?.name ?? subject.name, version: hit.as?.version.text ?? subject.version,
    scheme: version.scheme ?? 'unknown', advisory: advisory.id, source: advisory.source, because,
  };
  if (subject.other !== undefined) proof.named = kindOf(affected);
  if (advisory.key !== advisory.id) proof.key = advisory.key;
  if (affected.status !== 'affected') proof.status = affected.status;
  if (listed !== undefined) proof.range = { ...range, versions: listed };
  else if (range !== undefined) proof.range = range;
  else if (needsAll && affected.versions !== undefined) proof.range = { versions: affected.versions };
  if (needsAll && affected.ranges !== undefined) proof.ranges = affected.ranges;
  if (affected.module !== undefined) proof.module = { ...(subject.module === undefined ? {} : { package: subject.module }), advisory: affected.module };
  if (affected.arches !== undefined) proof.arch = { ...(subject.arch === undefined ? {} : { package: subject.arch }), advisory: affected.arches };
  if (affected.vendor_status !== undefined) proof.vendor_status = affected.vendor_status;
  if (because === 'module-unknown') proof.detail = `the package is of a module and does not say of which stream; the advisory is about ${affected.module}`;
  else if (state === 'undetermined') proof.detail = compared.reason ?? affected.vendor_status ?? 'a bound of the advisory cannot be read';
  else if (because === 'withdrawn') proof.detail = `withdrawn ${advisory.withdrawn}`;
  return proof;
}
