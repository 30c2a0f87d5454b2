import { composerModifier } from './composer.ts';
import { type Alternatives, type Condition, condition, type Operator, UnreadableRange, versionIn } from './range.ts';

/** `^1.2 || ~2.3.1 || 1.0 - 2.0 || 3.*`: composer/semver VersionParser::parseConstraints. Bounds without a stability begin at -dev, as Composer has it. */
export const composerRange = (text: string): Alternatives => text.trim().split(/\s*\|\|?\s*/).map((alternative) => {
  if (alternative === '') throw new UnreadableRange('a range without a version');
  const hyphen = hyphened.exec(alternative);
  if (hyphen !== null) return hyphenRange(hyphen);
  return alternative.replace(/(?<=[<>=!~^]) /g, '').split(/[,\s]+/).filter((term) => term !== '').flatMap(constraint);
});

const version = `v?(\\d+)(?:\\.(\\d+))?(?:\\.(\\d+))?(?:\\.(\\d+))?(?:${composerModifier}|\\.([x*][.-]?dev))(?:\\+[^\\s]+)?`;
const hyphened = new RegExp(`^(${version}) - (${version})$`, 'i');
const prefixed = new RegExp(`^([~^])${version}$`, 'i');
const hasStability = new RegExp(`-${composerModifier}$`, 'i');

const compared = (operator: Operator, text: string): Condition => condition('composer', operator, versionIn('composer', text));

function constraint(written: string): Condition[] {
  const flag = /@(stable|RC|beta|alpha|dev)$/i.exec(written)?.[1]!.toLowerCase();
  const term = written.replace(/@(?:stable|RC|beta|alpha|dev)$/i, '').replace(/#.+$/, '') || '*';
  if (/^v?[x*](\.[x*])*$/i.test(term)) return [];
  const caretOrTilde = prefixed.exec(term);
  if (caretOrTilde !== null) {
    const [, kind, major, minor, patch, build, stability, , dev, branch] = caretOrTilde;
    const numbers = [major!, minor, patch, build];
    const low = term.slice(1) + (stability || dev || branch ? '' : '-dev');
    const given = numbers.filter((number) => number !== undefined).length + (branch ? 1 : 0);
    const position = kind === '~' ? Math.max(1, given - 1)
      : major !== '0' || minor === undefined ? 1 : minor !== '0' || patch === undefined ? 2 : 3;
    return [compared('>=', low), compared('<', bumped(numbers, position))];
  }
  const wildcard = /^v?(\d+)(?:\.(\d+))?(?:\.(\d+))?(?:\.[x*])+$/i.exec(term);
  if (wildcard !== null) {
    const numbers = wildcard.slice(1, 4);
    const position = numbers.filter((number) => number !== undefined).length;
    return [compared('>=', `${padded(numbers)}-dev`), compared('<', bumped(numbers, position))];
  }
  const [, operator, text] = /^(<>|!=|>=?|<=?|==?|)(.*)$/.exec(term)!;
  if (/^[\d.]*[x*]$/i.test(text!)) throw new UnreadableRange(`${operator} does not go with a wildcard`);
  const isStable = !hasStability.test(text!), isEqual = operator === '' || operator === '=' || operator === '==';
  // `> 1@dev` lowers the bound itself, not only what may be installed.
  const bound = flag !== undefined && flag !== 'stable' && !isEqual && isStable ? `${text}-${flag}` : (operator === '<' || operator === '>=') && isStable ? `${text}-dev` : text!;
  return [compared(operator === '<>' ? '!=' : operator === '==' || operator === '' ? '=' : operator as Operator, bound)];
}

/** groups: 1 from, 2–5 its numbers, 6–8 stability, 9 branch, 10 to, 11–14 its numbers, 15–17 stability, 18 branch. */
function hyphenRange(match: RegExpExecArray): Condition[] {
  const low = match[6] || match[8] || match[9] ? match[1]! : `${match[1]}-dev`;
  const whole = (match[12] !== undefined && match[13] !== undefined) || match[15] || match[17] || match[18];
  if (whole) return [compared('>=', low), compared('<=', match[10]!)];
  return [compared('>=', low), compared('<', bumped(match.slice(11, 15), match[12] === undefined ? 1 : 2))];
}

const padded = (numbers: readonly (string | undefined)[]): string => [0, 1, 2, 3].map((i) => numbers[i] ?? '0').join('.');

/** The first version after all that share the first `position` numbers: (1.2.3.4, 2) → 1.3.0.0-dev. */
const bumped = (numbers: readonly (string | undefined)[], position: number): string =>
  `${padded([...numbers.slice(0, position - 1), String(BigInt(numbers[position - 1] ?? '0') + 1n)])}-dev`;
