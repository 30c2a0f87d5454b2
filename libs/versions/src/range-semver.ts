import type { Undetermined } from './compare.ts';
import { compareCounts } from './key.ts';
import { type Alternatives, type Condition, condition, type Operator, type RangeOptions, undetermined, UnreadableRange, versionIn } from './range.ts';
import type { SemanticVersion } from './semver.ts';
import type { Scheme } from './schemes.ts';

/** What differs between the managers that write ranges as npm does. */
interface Dialect {
  /** What a version without operator means. */
  readonly bare: '=' | '^';
  /** `~> 1.2` reaches to 2.0 (Hex, as in Ruby) instead of 1.3 (npm). */
  readonly pessimistic?: boolean;
  /** Pre-releases are only for who names one of the same three numbers (npm, Cargo). */
  readonly hidesPrereleases?: boolean;
  /** `<2.0.0` does not let 2.0.0-beta in (Pub). */
  readonly closedTop?: boolean;
}

const dialects: Partial<Record<Scheme, Dialect>> = {
  npm: { bare: '=', hidesPrereleases: true },
  cargo: { bare: '^', hidesPrereleases: true },
  hex: { bare: '=', pessimistic: true },
  pub: { bare: '=', closedTop: true },
};
const plain: Dialect = { bare: '=' };

interface Comparator { readonly operator: Operator; readonly version: SemanticVersion }

/**
 * The same expression as lists of comparisons, alternatives outside, for who wants to reckon with ranges; pre-releases are in.
 * `1.x` is `>= 1.0.0-0` and `< 2.0.0-0`. Undetermined for what cannot be read.
 */
export function semverComparisons(scheme: Scheme, text: string): readonly (readonly (readonly [operator: Operator, version: string])[])[] | Undetermined {
  try {
    return alternativesOf(text.trim().replace(/\s+/g, ' ')).map((alternative) => {
      const comparisons = comparatorsOf(alternative, dialects[scheme] ?? plain, '-0');
      for (const [, version] of comparisons) versionIn(scheme, version);
      return comparisons;
    });
  } catch (error) {
    if (error instanceof UnreadableRange) return undetermined(`cannot read range ${JSON.stringify(text.slice(0, 80))}: ${error.message}`);
    throw error;
  }
}

const alternativesOf = (text: string): string[] => text.split(/\s*\|\|\s*|\s+or\s+/);

/** `^1.2 || >=3 <4 || 5.x || 1.0 - 2.3`: node-semver's grammar, with commas for Cargo and advisories, `and`/`or` for Hex, `any` for Pub. */
export function semverRange(scheme: Scheme, text: string, options: RangeOptions): Alternatives {
  const dialect = dialects[scheme] ?? plain;
  const hides = dialect.hidesPrereleases === true && options.prereleases !== 'included';
  // With pre-releases in, a range for 1.2.x starts at its first pre-release, 1.2.0-0.
  const floor = dialect.hidesPrereleases && !hides ? '-0' : '';
  const alternatives = alternativesOf(text).map((alternative) => {
    const comparators = comparatorsOf(alternative, dialect, floor).map(([operator, version]): Comparator =>
      ({ operator, version: versionIn(scheme, version) }));
    const conditions: Condition[] = comparators.map(({ operator, version }) => condition(scheme, operator, version));
    if (hides) conditions.push((version) => offered(version as SemanticVersion, comparators));
    if (dialect.closedTop) {
      for (const { operator, version } of comparators) {
        if (operator === '<' && version.prerelease === undefined) conditions.push((v) => !isPrereleaseOf(v as SemanticVersion, version));
      }
    }
    return conditions;
  });
  return alternatives;
}

const sameNumbers = (a: SemanticVersion, b: SemanticVersion): boolean => a.numbers.every((number, i) => compareCounts(number, b.numbers[i]!) === 0);
const isPrereleaseOf = (a: SemanticVersion, b: SemanticVersion): boolean => a.prerelease !== undefined && sameNumbers(a, b);
const offered = (version: SemanticVersion, comparators: readonly Comparator[]): boolean =>
  version.prerelease === undefined || comparators.some((c) => c.version.prerelease !== undefined && sameNumbers(version, c.version));

/** An `x`, `*` or missing number is undefined; `rest` is pre-release and build as written. */
interface Partial3 { readonly major?: string; readonly minor?: string; readonly patch?: string; readonly rest: string }

const pattern = /^(<=|>=|<>|!=|==|<|>|=|~>|~|\^|)[v=]*(\d+|[xX*])(?:\.(\d+|[xX*]))?(?:\.(\d+|[xX*]))?(?:-?([0-9A-Za-z_.-]+))?(?:\+[0-9A-Za-z_.-]+)?$/;

type Written = readonly [operator: Operator, version: string];

function comparatorsOf(alternative: string, dialect: Dialect, floor: string): Written[] {
  const hyphen = /^\s*(\S+)\s+-\s+(\S+)\s*$/.exec(alternative);
  if (hyphen !== null) return hyphenRange(read(hyphen[1]!)[1], read(hyphen[2]!)[1], floor);
  const terms = alternative.replace(/\s+and\s+/g, ' ').replace(/(?<=[<>=~^!]) /g, '').split(/[\s,]+/).filter((term) => term !== '' && term !== 'any');
  if (dialect.bare === '^' && terms.length > 1 && terms.includes('*')) throw new UnreadableRange('* goes with nothing else');
  return terms.flatMap((term) => {
    const [operator, version] = read(term);
    // A wildcard says itself how far it reaches, also in Cargo, where 1.2 is ^1.2 but 1.2.* is not.
    return desugar(operator !== '' ? operator : /[xX*]$/.test(term) ? '=' : dialect.bare, version, dialect, floor);
  });
}

function read(term: string): [operator: string, version: Partial3] {
  const match = pattern.exec(term);
  if (match === null) throw new UnreadableRange(`cannot read ${JSON.stringify(term)}`);
  const [, operator, major, minor, patch, rest] = match;
  const known = (number: string | undefined): string | undefined => number === undefined || /[xX*]/.test(number) ? undefined : number;
  const m = known(major);
  const n = m === undefined ? undefined : known(minor);
  const p = n === undefined ? undefined : known(patch);
  return [operator!, { ...(m && { major: m }), ...(n && { minor: n }), ...(p && { patch: p }), rest: rest === undefined ? '' : `-${rest}` }];
}

const next = (number: string): string => String(BigInt(number) + 1n);
const isZero = (number: string | undefined): boolean => number !== undefined && /^0+$/.test(number);

function desugar(operator: string, version: Partial3, dialect: Dialect, floor: string): Written[] {
  const { major, minor, patch, rest } = version;
  if (major === undefined) return operator === '<' || operator === '>' ? [['<', '0.0.0-0']] : [];
  const full = `${major}.${minor ?? 0}.${patch ?? 0}${rest}`;
  const lowest = patch === undefined ? `${major}.${minor ?? 0}.0${rest === '' ? floor : rest}` : full;
  const afterMajor = `${next(major)}.0.0-0`;
  const afterMinor = minor === undefined ? afterMajor : `${major}.${next(minor)}.0-0`;
  switch (operator) {
    case '^': {
      const top = !isZero(major) || minor === undefined ? afterMajor : !isZero(minor) || patch === undefined ? afterMinor : `${major}.${minor}.${next(patch)}-0`;
      return [['>=', lowest], ['<', top]];
    }
    case '~>':
      if (dialect.pessimistic) return [['>=', lowest], ['<', patch === undefined ? afterMajor : afterMinor]];
      return [['>=', lowest], ['<', afterMinor]];
    case '~': return [['>=', lowest], ['<', afterMinor]];
    case '=': case '==': return patch === undefined ? [['>=', lowest], ['<', afterMinor]] : [['=', full]];
    case '!=': case '<>': return [['!=', full]];
    case '>': return patch === undefined ? [['>=', afterMinor.replace(/-0$/, floor)]] : [['>', full]];
    case '<=': return patch === undefined ? [['<', afterMinor]] : [['<=', full]];
    case '<': return [['<', patch === undefined && floor !== '' ? `${full}-0` : full]];
    default: return [['>=', lowest]];
  }
}

function hyphenRange(from: Partial3, to: Partial3, floor: string): Written[] {
  const low: Written[] = from.major === undefined ? [] : [['>=', `${from.major}.${from.minor ?? 0}.${from.patch ?? 0}${from.rest || floor}`]];
  if (to.major === undefined) return low;
  if (to.minor === undefined) return [...low, ['<', `${next(to.major)}.0.0-0`]];
  if (to.patch === undefined) return [...low, ['<', `${to.major}.${next(to.minor)}.0-0`]];
  return [...low, ['<=', `${to.major}.${to.minor}.${to.patch}${to.rest}`]];
}
