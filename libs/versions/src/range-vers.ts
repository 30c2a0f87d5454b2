import { type Condition, condition, inside, maxRangeTerms, type Operator, outside, type RangeTest, testOf, UnreadableRange, versionIn } from './range.ts';
import { schemes, type Scheme } from './schemes.ts';
import { schemeOf } from './ecosystems.ts';

export interface VersRange {
  /** The type as written, in lower case: `npm`, `pypi`, `all`. */
  readonly type: string;
  /** As written; empty for `*`. */
  readonly constraints: readonly { readonly operator: Operator; readonly version: string }[];
}

/** `vers:npm/>=1.0.0|<2.0.0` (https://packageurl.org, VERS core specification). The type decides the order. */
export function versRange(text: string): RangeTest {
  const { type, constraints } = parseVers(text);
  if (type === 'none') return () => outside;
  if (constraints.length === 0) return () => inside;
  const scheme = versScheme(type);
  const { compare } = schemes[scheme];
  const written = constraints.map(({ operator, version }): Bound => ({ operator, version: versionIn(scheme, version) }));
  const sorted = written.toSorted((a, b) => compare(a.version, b.version));
  // ">=2|<1" might mean everything, nothing, or that somebody mixed them up.
  const bounds = written.filter(isBound);
  if (bounds.some(({ version }, i) => i > 0 && compare(bounds[i - 1]!.version, version) > 0)) throw new UnreadableRange('bounds are not in version order');
  const exact = sorted.filter(({ operator }) => operator === '=').map((bound) => [condition(scheme, '=', bound.version)]);
  const excluded = sorted.filter(({ operator }) => operator === '!=').map((bound) => condition(scheme, '!=', bound.version));
  return testOf(scheme, [...exact, ...spans(scheme, sorted).map((span) => [...excluded, ...span])]);
}

const versScheme = (type: string): Scheme => {
  const scheme = schemeOf(type);
  if (scheme === undefined) throw new UnreadableRange(`unknown vers type ${JSON.stringify(type)}`);
  return scheme;
};

/** Takes a VERS apart without reading its versions; throws UnreadableRange. Single versions need not be sorted, though the standard wants them to be. */
export function parseVers(text: string): VersRange {
  const match = /^vers:([a-z][a-z0-9.-]*)\/([\x21-\x7e]+)$/i.exec(text);
  if (match === null) throw new UnreadableRange('not vers:type/constraints in printable ASCII');
  const type = match[1]!.toLowerCase();
  if (match[2] === '*') return { type, constraints: [] };
  if (type === 'all' || type === 'none') throw new UnreadableRange(`vers:${type} takes only *`);
  const parts = match[2]!.split('|');
  if (parts.length > maxRangeTerms) throw new UnreadableRange(`more than ${maxRangeTerms} constraints`);
  return { type, constraints: parts.map(constraintOf) };
}

function constraintOf(part: string): { operator: Operator; version: string } {
  const [, operator, quoted] = /^(>=|<=|!=|<|>|=|)(.*)$/s.exec(part)!;
  if (quoted === '' || /[<>=!*]/.test(quoted!)) throw new UnreadableRange(`cannot read constraint ${JSON.stringify(part)}`);
  if (/%(?![0-9A-Fa-f]{2})/.test(quoted!)) throw new UnreadableRange(`broken percent-encoding in ${JSON.stringify(part)}`);
  try {
    return { operator: (operator || '=') as Operator, version: decodeURIComponent(quoted!) };
  } catch {
    throw new UnreadableRange(`percent-encoding in ${JSON.stringify(part)} is not UTF-8`);
  }
}

interface Bound { readonly operator: Operator; readonly version: unknown }
const isBound = ({ operator }: Bound): boolean => operator !== '=' && operator !== '!=';

/** The intervals between the bounds. Of two bounds that look the same way the wider one counts. */
function spans(scheme: Scheme, sorted: readonly Bound[]): Condition[][] {
  const found: Condition[][] = [];
  const bounds = sorted.filter(isBound);
  const isLow = ({ operator }: Bound): boolean => operator.startsWith('>');
  let low: Bound | undefined;
  bounds.forEach((bound, i) => {
    if (isLow(bound)) {
      low ??= bound;
      return;
    }
    const following = bounds[i + 1];
    if (following !== undefined && !isLow(following)) return;
    const top = condition(scheme, bound.operator, bound.version);
    found.push(low === undefined ? [top] : [condition(scheme, low.operator, low.version), top]);
    low = undefined;
  });
  if (low !== undefined) found.push([condition(scheme, low.operator, low.version)]);
  // Only exclusions: everything else is in.
  if (bounds.length === 0 && sorted.every(({ operator }) => operator === '!=')) found.push([]);
  return found;
}
