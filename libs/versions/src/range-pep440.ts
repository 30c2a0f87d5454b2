import { compareCounts } from './key.ts';
import { pep440, type PythonVersion } from './pep440.ts';
import { type Alternatives, type Condition, UnreadableRange, versionIn } from './range.ts';
import { parseVersion, Unreadable } from './scheme.ts';

/** `>=1.0, !=1.3.4.*, <2.0`: PEP 440 "Version specifiers"; alternatives by `||` are no part of it but advisories have them. */
export const pep440Range = (text: string): Alternatives => text.split('||').map((alternative) => {
  const specifiers = alternative.replace(/(?<=[<>=!~]) /g, '').split(/[,\s]+/).filter((specifier) => specifier !== '' && specifier !== '*');
  if (specifiers.length === 0 && !alternative.includes('*') && alternative.trim() !== '') throw new UnreadableRange('a range without a version');
  return specifiers.map(specifierOf);
});

function specifierOf(text: string): Condition {
  const [, operator, written] = /^(===|==|~=|!=|<=|>=|<|>|=|)(.*)$/.exec(text)!;
  // Compared as text, where versions are in their normal form: 1.0 is not === 1.0.0.
  if (operator === '===') {
    const wanted = parseVersion(pep440, written!);
    if (wanted instanceof Unreadable || wanted.legacy !== undefined) return () => false;
    return (version) => pep440.compare(version as PythonVersion, wanted) === 0 && (version as PythonVersion).written === wanted.written;
  }
  if (written!.endsWith('.*')) {
    const prefix = read(written!.slice(0, -2));
    if (isPrerelease(prefix) || prefix.post !== undefined || prefix.local.length > 0) throw new UnreadableRange('.* goes after numbers only');
    if (operator === '==' || operator === '=' || operator === '') return (version) => startsWith(version as PythonVersion, prefix, prefix.written);
    if (operator === '!=') return (version) => !startsWith(version as PythonVersion, prefix, prefix.written);
    throw new UnreadableRange(`${operator} does not go with .*`);
  }
  const wanted = read(written!);
  if (wanted.local.length > 0 && !/^(?:[=!]=|=?)$/.test(operator!)) throw new UnreadableRange(`a local version does not go with ${operator}`);
  const compare = (version: unknown): number => pep440.compare(public_(version as PythonVersion), wanted);
  switch (operator) {
    case '~=':
      if (wanted.written < 2) throw new UnreadableRange('~= needs two numbers');
      return (version) => compare(version) >= 0 && startsWith(version as PythonVersion, wanted, wanted.written - 1);
    case '!=': return (version) => !equals(version as PythonVersion, wanted);
    case '<=': return (version) => compare(version) <= 0;
    case '>=': return (version) => compare(version) >= 0;
    // Exclusive means of that release: "<1.0" leaves out 1.0rc1, ">1.0" leaves out 1.0.post1 and 1.0+local.
    case '<': return (version) => pep440.compare(version as PythonVersion, wanted) < 0
      && (isPrerelease(wanted) || !isPrerelease(version as PythonVersion) || pep440.compare(version as PythonVersion, { ...wanted, dev: 0 }) < 0);
    case '>': return (version) => pep440.compare(version as PythonVersion, wanted) > 0 && compare(version) !== 0
      && (wanted.post !== undefined || (version as PythonVersion).post === undefined
        || pep440.compare({ ...version as PythonVersion, post: undefined, dev: undefined, local: [] }, wanted) !== 0);
    default: return (version) => equals(version as PythonVersion, wanted);
  }
}

const read = (text: string): PythonVersion => versionIn('pep440', text);
const public_ = (version: PythonVersion): PythonVersion => version.local.length === 0 ? version : { ...version, local: [] };
const isPrerelease = ({ pre, dev }: PythonVersion): boolean => pre !== undefined || dev !== undefined;
/** The candidate's local part only counts when the specifier names one. */
const equals = (version: PythonVersion, wanted: PythonVersion): boolean =>
  pep440.compare(wanted.local.length === 0 ? public_(version) : version, wanted) === 0;

/** True when the first `count` numbers agree; missing ones are zero. */
function startsWith(version: PythonVersion, prefix: PythonVersion, count: number): boolean {
  if (compareCounts(version.epoch, prefix.epoch) !== 0) return false;
  for (let i = 0; i < count; i++) if (compareCounts(version.release[i] ?? 0, prefix.release[i] ?? 0) !== 0) return false;
  return true;
}
