import type { AdvisoryIndex } from './advisory-index.ts';
import type { Because, Finding, NotCovered, Proof } from './finding.ts';
import { enrich } from './enrich.ts';
import type { Judgement } from './judge.ts';
import { match, type Matchable, type MatchOptions } from './match.ts';

/** The proof of a finding as a tree for people: package, what was compared, who said so, the range, the answer. */
export function explain(finding: Finding): string {
  const { proof, package: found } = finding;
  const fix = finding.fixed_version === undefined ? fixWords[finding.fix_state] : `fixed in ${finding.fixed_version}`;
  const others = (finding.advisories ?? []).filter((id) => id !== finding.advisory);
  const isSource = proof.named === undefined ? proof.name !== found.name : proof.named === 'source';
  return tree(`${finding.id}: ${found.name} ${found.version || '(no version)'} is ${stateWords[finding.state]}; ${finding.severity}${finding.score === undefined ? '' : ` ${finding.score.toFixed(1)}`}, ${fix}`, [
    ['package', found.purl],
    ...(found.path === undefined ? [] : [['file', found.path] as const]),
    ...(found.layer === undefined ? [] : [['layer', found.layer] as const]),
    ['compared', `${proof.ecosystem} ${proof.name} ${proof.version || '(no version)'}${isSource ? ', its source package,' : ''} in the order of ${proof.scheme}`],
    ['advisory', `${finding.advisory} of ${finding.source}${proof.key === undefined ? '' : `, its record ${proof.key}`}${proof.revision === undefined ? '' : `, revision ${proof.revision}`}${finding.published === undefined ? '' : `, published ${finding.published.slice(0, 10)}`}${finding.modified === undefined ? '' : `, changed ${finding.modified.slice(0, 10)}`}`],
    ...(others.length === 0 ? [] : [['also', others.join(', ')] as const]),
    ...(finding.aliases.length === 0 ? [] : [['known as', finding.aliases.join(', ')] as const]),
    ['range', rangeWords(proof)],
    ...(proof.module === undefined ? [] : [['module', `${proof.module.advisory} is meant, ${proof.module.package ?? 'no module'} is here`] as const]),
    ...(proof.arch === undefined ? [] : [['arch', `${proof.arch.advisory.join(', ')} meant, ${proof.arch.package ?? 'none'} here`] as const]),
    ...(proof.vendor_status === undefined ? [] : [['vendor says', proof.vendor_status] as const]),
    ['because', becauseWords[proof.because] + (proof.detail === undefined ? '' : `: ${proof.detail}`)],
    ...(finding.subscription === undefined ? [] : [['subscribers', `${finding.subscription.name} has the fix ${finding.subscription.fixed_version}`] as const]),
    ...knownWords(finding),
    ...(finding.vex ?? []).map(({ status, justification, detail, source, time }) => ['VEX', `${source} says ${status.replaceAll('_', ' ')}${justification === undefined ? '' : `: ${justification.replaceAll('_', ' ')}`}${detail === undefined ? '' : ` (${detail})`}${time === undefined ? '' : `, ${time.slice(0, 10)}`}`] as const),
    ...(finding.suppressed === undefined ? [] : [['suppressed', suppressedWords[finding.suppressed]] as const]),
  ]);
}

const suppressedWords = { vex: 'a statement says so: shown, not counted', rejected: 'the CVE was taken back: shown, not counted' } as const;

/** What is known of a CVE whatever it is found in. */
function knownWords({ scores = [], epss, kev, ssvc, disputed }: Pick<Finding, 'scores' | 'epss' | 'kev' | 'ssvc' | 'disputed'>): [string, string][] {
  return [
    ...scores.map(({ version, vector, score, by }): [string, string] => [`CVSS ${version}`, `${score?.toFixed(1) ?? 'not to be scored'} by ${by}: ${vector}`]),
    ...(epss === undefined ? [] : [['EPSS', `${(epss.score * 100).toFixed(2)} % within 30 days${epss.percentile === undefined ? '' : `, more than ${Math.floor(epss.percentile * 100)} % of all`}${epss.date === undefined ? '' : `, as of ${epss.date}`}`] as [string, string]]),
    ...(kev === undefined ? [] : [['exploited', `in CISA's catalogue since ${kev.added}${kev.due === undefined ? '' : `, to be repaired by ${kev.due}`}${kev.ransomware ? ', used for ransomware' : ''}`] as [string, string]]),
    ...(ssvc === undefined ? [] : [['SSVC', Object.entries(ssvc).map(([name, value]) => `${name.replaceAll('_', ' ')}: ${value}`).join(', ')] as [string, string]]),
    ...(disputed ? [['disputed', 'the maker says that it is no vulnerability'] as [string, string]] : []),
  ];
}

/** Every answer about one problem in one target. */
export interface WhyNot {
  readonly id: string;
  /** All decisions about it, of every state. */
  readonly findings: readonly Finding[];
  /** Packages about which nobody was asked: the problem may hide there. */
  readonly not_covered: readonly NotCovered[];
  readonly text: string;
}

/** Why a target has no finding for a CVE (or any advisory id or alias), or that it has one. */
export function whyNot(id: string, inventory: Matchable, index: AdvisoryIndex, options: Pick<MatchOptions, 'vex'> = {}): WhyNot {
  const wanted = id.trim().toUpperCase();
  const is = (name: string) => name.toUpperCase() === wanted;
  const { findings: all, not_covered: uncovered } = match(inventory, index, { ...options, all: true });
  const findings = all.filter((finding) => is(finding.id) || finding.aliases.some(is) || (finding.advisories ?? []).some(is));
  const found = findings.filter(({ state, suppressed }) => state === 'affected' && suppressed === undefined).length, cannotTell = findings.filter(({ state, suppressed }) => state === 'undetermined' && suppressed === undefined).length;
  const lead = findings.length === 0 ? `${id}: no advisory of revision ${index.revision} says anything about it for the ${inventory.packages.length - uncovered.length} packages looked up`
    : found > 0 ? `${id} is found in ${found} of ${findings.length} packages it was compared with`
    : cannotTell > 0 ? `${id} was compared with ${findings.length} packages, and of ${cannotTell} it cannot be told`
    : `${id} was compared with ${findings.length} packages and affects none of them`;
  const lines = findings.map((finding): [string, string] => [
    finding.suppressed === undefined ? stateWords[finding.state] : 'suppressed',
    `${finding.suppressed === undefined ? '' : `${suppressedWords[finding.suppressed]}; `}${finding.package.name} ${finding.package.version}: ${becauseWords[finding.proof.because]} (${rangeWords(finding.proof)}; ${finding.advisory} of ${finding.source})`,
  ]);
  if (uncovered.length > 0) lines.push(['not covered', `${uncovered.length} packages nobody was asked about: ${[...new Set(uncovered.map(({ name, reason }) => `${name} (${reason})`))].slice(0, 8).join(', ')}${uncovered.length > 8 ? ', …' : ''}`]);
  const about = index.enrichments(wanted);
  if (findings.length === 0) lines.push(...(about.length === 0 ? [['not known', `nothing here knows ${id} at all; that may be a matter of which sources there are`] as [string, string]] : [
    ...(about.some(({ rejected }) => rejected) ? [['taken back', 'the CVE program took it back: it is the name of no vulnerability'] as [string, string]] : []),
    ...knownWords(enrich(nothing, about)),
  ]));
  return { id, findings, not_covered: uncovered, text: tree(lead, lines) };
}

/** To be told what is known of a CVE that is found in nothing. */
const nothing: Judgement = { id: '', aliases: [], advisory: '', source: '', state: 'not-affected', severity: 'unknown', fix_state: 'unknown', proof: { ecosystem: '', name: '', version: '', scheme: '', advisory: '', source: '', because: 'not-listed' } };

function tree(head: string, lines: readonly (readonly [string, string])[]): string {
  const width = Math.max(0, ...lines.map(([name]) => name.length));
  return [head, ...lines.map(([name, text], index) => `${index === lines.length - 1 ? '└─' : '├─'} ${name.padEnd(width)}  ${text}`)].join('\n');
}

function rangeWords({ range, ranges, because }: Proof): string {
  if (because === 'every-version') return 'every version';
  const parts = range !== undefined && range.versions === undefined ? [range] : ranges ?? [];
  const words = parts.slice(0, 6).map((part) => {
    const from = part.introduced === undefined ? 'the first version' : part.introduced;
    return part.fixed !== undefined ? `from ${from} until ${part.fixed} repairs it`
      : part.last_affected !== undefined ? `from ${from} to ${part.last_affected}`
      : part.limit !== undefined ? `from ${from}, below ${part.limit}` : `from ${from} on`;
  });
  if (parts.length > 6) words.push(`${parts.length - 6} more`);
  if (range?.versions !== undefined) words.push(range.versions.length > 8 ? `${range.versions.length} single versions` : `versions ${range.versions.join(', ')}`);
  return words.length === 0 ? 'no range given' : words.join('; ');
}

const stateWords: Readonly<Record<Finding['state'], string>> = { affected: 'affected', undetermined: 'undetermined', fixed: 'fixed', 'not-affected': 'not affected' };

const fixWords: Readonly<Record<Finding['fix_state'], string>> = {
  available: 'a fix is available', 'none-yet': 'no fix yet', 'wont-fix': 'the vendor will not fix it', 'end-of-life': 'the release is out of support', unknown: 'no fix known',
};

const becauseWords: Readonly<Record<Because, string>> = {
  'in-range': 'the version lies in the range', listed: 'the version is listed', 'every-version': 'the advisory names every version of this release',
  'at-or-above-fixed': 'the version has the repair', 'below-introduced': 'the version is older than the problem', 'above-last-affected': 'the version is newer than the last affected one',
  'above-limit': 'the version is past what the advisory speaks of', 'not-listed': 'the version is not listed',
  'vendor-not-affected': 'the vendor says it is not affected', 'vendor-fixed': 'the vendor says it is fixed', 'vendor-undetermined': 'the vendor does not know yet, or names only source commits',
  'version-unreadable': "the package's version cannot be read", 'bound-unreadable': "the advisory's version cannot be read",
  withdrawn: 'the advisory was withdrawn', 'other-module': 'the advisory is about another module stream', 'module-unknown': 'which module stream the package is of is not known', 'other-architecture': 'the advisory is about another architecture',
};
