import { type Count, countOf } from './key.ts';
import { type Alternatives, type Condition, condition, type Operator, UnreadableRange, versionIn } from './range.ts';
import { compareSegments, type GemVersion } from './rubygems.ts';

/** `~> 1.2, != 1.3.1`: Gem::Requirement; alternatives by `||` are no part of it but advisories have them. */
export const gemRange = (text: string): Alternatives => text.split('||').map((alternative) => {
  const terms = alternative.replace(/(?<=[<>=!~]) /g, '').split(/[,\s]+/).filter((term) => term !== '' && term !== '*');
  return terms.map((term): Condition => {
    const match = /^(==?|!=|>=|<=|~>|>|<|)([^<>=!~]+)$/.exec(term);
    if (match === null) throw new UnreadableRange(`cannot read ${JSON.stringify(term)}`);
    const wanted: GemVersion = versionIn('rubygems', match[2]!);
    if (match[1] !== '~>') return condition('rubygems', (match[1]!.replace(/^(==)?$/, '=')) as Operator, wanted);
    const top = bump(wanted);
    const atLeast = condition('rubygems', '>=', wanted);
    return (version) => atLeast(version) && compareSegments(releaseOf(version as GemVersion), top) < 0;
  });
});

type Numbers = { readonly number: Count }[];

/** Gem::Version#release: everything from the first letters on is cut off. */
function releaseOf({ written }: GemVersion): Numbers {
  const text = written.findIndex((segment) => 'text' in segment);
  return written.slice(0, text < 0 ? undefined : text) as Numbers;
}

/** Gem::Version#bump: 1.2.3 → 1.3. */
function bump(version: GemVersion): Numbers {
  const numbers = releaseOf(version);
  if (numbers.length > 1) numbers.pop();
  const last = numbers.pop()?.number ?? 0;
  return [...numbers, { number: countOf(String(BigInt(last) + 1n)) }];
}
