import type { Inventory } from '@plimsoll/inventory';
import type { AdvisoryIndex } from './advisory-index.ts';
import type { Because, Finding, NotCovered, Proof } from './finding.ts';
import { match } from './match.ts';

/** The proof of a finding as a tree for people: package, what was compared, who said so, the range, the answer. */
export function explain(finding: Finding): string {
  const { proof, package: found } = finding;
  const fix = finding.fixed_version === undefined ? fixWords[finding.fix_state] : `fixed in ${finding.fixed_version}`;
  const others = (finding.advisories ?? []).filter((id) => id !== finding.advisory);
  const isSource = proof.name !== found.name || proof.version !== found.version;
  return tree(`${finding.id}: ${found.name} ${found.version || '(no version)'} is ${stateWords[finding.state]}; ${finding.severity}${finding.score === undefined ? '' : ` ${finding.score.toFixed(1)}`}, ${fix}`, [
    ['package', found.purl],
    ...(found.path === undefined ? [] : [['file', found.path] as const]),
    ...(found.layer === undefined ? [] : [['layer', found.layer] as const]),
    ['compared', `${proof.ecosystem} ${proof.name} ${proof.version || '(no version)'}${isSource ? ', its source package,' : ''} in the order of ${proof.scheme}`],
    ['advisory', `${finding.advisory} of ${finding.source}${finding.published === undefined ? '' : `, published ${finding.published.slice(0, 10)}`}`],
    ...(others.length === 0 ? [] : [['also', others.join(', ')] as const]),
    ...(finding.aliases.length === 0 ? [] : [['known as', finding.aliases.join(', ')] as const]),
    ['range', rangeWords(proof)],
    ['because', becauseWords[proof.because] + (proof.detail === undefined ? '' : `: ${proof.detail}`)],
  ]);
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
export function whyNot(id: string, inventory: Pick<Inventory, 'os' | 'packages'>, index: AdvisoryIndex): WhyNot {
  const wanted = id.trim().toUpperCase();
  const is = (name: string) => name.toUpperCase() === wanted;
  const { findings: all, not_covered: uncovered } = match(inventory, index, { all: true });
  const findings = all.filter((finding) => is(finding.id) || finding.aliases.some(is) || (finding.advisories ?? []).some(is));
  const found = findings.filter(({ state }) => state === 'affected').length;
  const lead = findings.length === 0 ? `${id}: no advisory of revision ${index.revision} says anything about it for the ${inventory.packages.length - uncovered.length} packages looked up`
    : found > 0 ? `${id} is found in ${found} of ${findings.length} packages it was compared with`
    : `${id} was compared with ${findings.length} packages and affects none of them`;
  const lines = findings.map((finding): [string, string] => [
    stateWords[finding.state],
    `${finding.package.name} ${finding.package.version}: ${becauseWords[finding.proof.because]} (${rangeWords(finding.proof)}; ${finding.advisory} of ${finding.source})`,
  ]);
  if (uncovered.length > 0) lines.push(['not covered', `${uncovered.length} packages nobody was asked about: ${[...new Set(uncovered.map(({ name, reason }) => `${name} (${reason})`))].slice(0, 8).join(', ')}${uncovered.length > 8 ? ', …' : ''}`]);
  return { id, findings, not_covered: uncovered, text: tree(lead, lines) };
}

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
  withdrawn: 'the advisory was withdrawn', 'other-module': 'the advisory is about another module stream', 'other-architecture': 'the advisory is about another architecture',
};
