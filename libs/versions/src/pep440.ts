import { compareCounts, compareText, type Count, countKey, countOf, isNumber, textKey } from './key.ts';
import { type SchemeDefinition, Unreadable } from './scheme.ts';

export interface PythonVersion {
  readonly epoch: Count;
  /** Without trailing zeros. */
  readonly release: readonly Count[];
  /** Numbers as written, zeros included: specifiers such as `~=1.0` count them. */
  readonly written: number;
  readonly pre: readonly [phase: 'a' | 'b' | 'rc', number: Count] | undefined;
  readonly post: Count | undefined;
  readonly dev: Count | undefined;
  readonly local: readonly string[];
  /** Sort text of a version from before PEP 440, which is older than every other; irregular. */
  readonly legacy: string | undefined;
}

/** PEP 440 (packaging.specifications "version specifiers"); order as pypa/packaging `_cmpkey`. */
export const pep440: SchemeDefinition<PythonVersion> = {
  parse,
  compare(a, b) {
    if (a.legacy !== undefined || b.legacy !== undefined) {
      return a.legacy === undefined ? 1 : b.legacy === undefined ? -1 : compareText(a.legacy, b.legacy);
    }
    return compareCounts(a.epoch, b.epoch) || compareRelease(a.release, b.release)
      || preRank(a) - preRank(b) || compareCounts(a.pre?.[1] ?? 0, b.pre?.[1] ?? 0)
      || compareOptional(a.post, b.post, -1) || compareOptional(a.dev, b.dev, 1) || compareLocal(a.local, b.local);
  },
  key(version) {
    if (version.legacy !== undefined) return '\x01' + textKey(version.legacy);
    let key = countKey(version.epoch);
    for (const number of version.release) key += '\x02' + countKey(number);
    key += '\x01' + String.fromCharCode(1 + preRank(version));
    if (version.pre !== undefined) key += countKey(version.pre[1]);
    key += version.post === undefined ? '\x01' : '\x02' + countKey(version.post);
    key += version.dev === undefined ? '\x02' : '\x01' + countKey(version.dev);
    for (const segment of version.local) key += isNumber(segment) ? '\x03' + countKey(countOf(segment)) : '\x02' + textKey(segment);
    return key + '\x01';
  },
  irregular: ({ legacy }) => legacy === undefined ? undefined : 'not a PEP 440 version',
};

/** PEP 440 appendix B, in its permissive form. */
const pattern = /^v?(?:(\d+)!)?(\d+(?:\.\d+)*)(?:[-_.]?(alpha|a|beta|b|preview|pre|c|rc)[-_.]?(\d+)?)?(?:-(\d+)|[-_.]?(post|rev|r)[-_.]?(\d+)?)?(?:[-_.]?(dev)[-_.]?(\d+)?)?(?:\+([a-z0-9]+(?:[-_.][a-z0-9]+)*))?$/;
/** Almost every version there is. */
const plain = /^\d+(?:\.\d+)*$/;

const phases: Record<string, 'a' | 'b' | 'rc'> = { a: 'a', alpha: 'a', b: 'b', beta: 'b', c: 'rc', rc: 'rc', pre: 'rc', preview: 'rc' };

function parse(version: string): PythonVersion | Unreadable {
  if (plain.test(version)) return { epoch: 0, ...releaseOf(version), pre: undefined, post: undefined, dev: undefined, local: [], legacy: undefined };
  const lower = version.toLowerCase();
  const match = pattern.exec(lower);
  if (match === null) return legacyVersion(lower);
  const [, epoch, release, phase, pre, dash, post, postNumber, dev, devNumber, local] = match;
  return {
    epoch: countOf(epoch ?? ''),
    ...releaseOf(release!),
    pre: phase === undefined ? undefined : [phases[phase]!, countOf(pre ?? '')],
    post: dash === undefined && post === undefined ? undefined : countOf(dash ?? postNumber ?? ''),
    dev: dev === undefined ? undefined : countOf(devNumber ?? ''),
    local: local?.split(/[-_.]/) ?? [],
    legacy: undefined,
  };
}

function releaseOf(text: string): { release: Count[]; written: number } {
  const release = text.split('.').map((number) => countOf(number));
  const written = release.length;
  while (release.at(-1) === 0) release.pop();
  return { release, written };
}

/** Versions of the years before PEP 440 keep the order setuptools gave them, below everything else. */
function legacyVersion(lower: string): PythonVersion | Unreadable {
  const parts: string[] = [];
  for (const found of [...lower.split(/(\d+|[a-z]+|\.|-)/), 'final']) {
    if (found === '' || found === '.') continue;
    const part = isNumber(found) ? found.padStart(8, '0') : `*${legacyWords[found] ?? found}`;
    if (part.startsWith('*')) {
      if (part < '*final') while (parts.at(-1) === '*final-') parts.pop();
      while (parts.at(-1) === '00000000') parts.pop();
    }
    parts.push(part);
  }
  if (lower === '') return new Unreadable('version is empty');
  return { epoch: 0, release: [], written: 0, pre: undefined, post: undefined, dev: undefined, local: [], legacy: parts.join('') };
}

const legacyWords: Partial<Record<string, string>> = { pre: 'c', preview: 'c', '-': 'final-', rc: 'c', dev: '@' };

const compareRelease = (a: readonly Count[], b: readonly Count[]): number => {
  for (let i = 0; i < a.length || i < b.length; i++) {
    const compared = compareCounts(a[i] ?? 0, b[i] ?? 0);
    if (compared !== 0) return compared;
  }
  return 0;
};

/** 1.0.dev1 < 1.0a1 < 1.0b1 < 1.0rc1 < 1.0 and 1.0.post1.dev1. */
const preRank = ({ pre, post, dev }: PythonVersion): number =>
  pre === undefined ? post === undefined && dev !== undefined ? 0 : 4 : pre[0] === 'a' ? 1 : pre[0] === 'b' ? 2 : 3;

/** `absent` says where a version without this part stands. */
const compareOptional = (a: Count | undefined, b: Count | undefined, absent: 1 | -1): number =>
  a === undefined || b === undefined ? (a === b ? 0 : a === undefined ? absent : -absent) : compareCounts(a, b);

/** Text before numbers, the shorter list first, none before any. */
function compareLocal(a: readonly string[], b: readonly string[]): number {
  const n = Math.min(a.length, b.length);
  for (let i = 0; i < n; i++) {
    const x = a[i]!;
    const y = b[i]!;
    const numbers = Number(isNumber(x)) - Number(isNumber(y));
    if (numbers !== 0) return numbers;
    const compared = isNumber(x) ? compareCounts(countOf(x), countOf(y)) : compareText(x, y);
    if (compared !== 0) return compared;
  }
  return a.length - b.length;
}
