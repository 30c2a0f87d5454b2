import { compareParts, partsKey, partsOf, type PhpVersion } from './php.ts';
import { type SchemeDefinition, Unreadable } from './scheme.ts';

/**
 * Composer's order: versions are normalised to four numbers and a stability (composer/semver VersionParser::normalize),
 * then compared as PHP does. So 1.0 = 1.0.0 and v2.0-b3 = 2.0.0-beta3. A branch (`dev-main`) is irregular.
 */
export const composer: SchemeDefinition<PhpVersion> = {
  parse(version) {
    const numbers = plain.exec(version);
    if (numbers !== null) {
      const parts = numbers[1]!.split('.');
      while (parts.length < 4) parts.push('0');
      return { parts, irregular: undefined };
    }
    const normal = normaliseComposer(version);
    if (normal === undefined) return new Unreadable('not a version Composer accepts');
    return { parts: partsOf(normal), irregular: normal.startsWith('dev-') ? 'a branch, not a version' : undefined };
  },
  compare: (a, b) => compareParts(a.parts, b.parts),
  key: ({ parts }) => partsKey(parts),
  irregular: ({ irregular }) => irregular,
};

/** Almost every version there is. */
const plain = /^[vV]?(\d{1,5}(?:\.\d+){0,3})$/;

/** One digit at a time: Composer's own `(?:[.-]?\d+)*` takes exponential time outside PCRE. */
export const composerModifier = '[._-]?(?:(stable|beta|b|rc|alpha|a|patch|pl|p)((?:[.-]?\\d)*))?([.-]?dev)?';
const classical = new RegExp(`^v?(\\d{1,5})(\\.\\d+)?(\\.\\d+)?(\\.\\d+)?${composerModifier}$`, 'i');
const dated = new RegExp(`^v?(\\d{4}(?:[.:-]?\\d{2}){1,6}(?:[.:-]?\\d{1,3}){0,2})${composerModifier}$`, 'i');
const branch = /^v?(\d+)(\.(?:\d+|[x*]))?(\.(?:\d+|[x*]))?(\.(?:\d+|[x*]))?[.-]?dev$/i;
const stabilities: Partial<Record<string, string>> = { a: 'alpha', b: 'beta', p: 'patch', pl: 'patch', rc: 'RC' };

/** `1.2-b3` → `1.2.0.0-beta3`; undefined for what Composer refuses. */
export function normaliseComposer(written: string): string | undefined {
  const version = written.replace(/^([^,\s]+) +as +[^,\s]+$/, '$1').replace(/@(?:stable|RC|beta|alpha|dev)$/i, '');
  if (version === 'master' || version === 'trunk' || version === 'default') return `dev-${version}`;
  if (/^dev-/i.test(version)) return `dev-${version.slice(4)}`;
  const plain = version.replace(/^([^,\s+]+)\+\S+$/, '$1');
  const match = classical.exec(plain);
  if (match !== null) {
    const [, major, minor = '.0', patch = '.0', build = '.0', stability, number, dev] = match;
    return `${major}${minor}${patch}${build}${suffix(stability, number, dev)}`;
  }
  const date = dated.exec(plain);
  if (date !== null) return `${date[1]!.replace(/\D/g, '.')}${suffix(date[2], date[3], date[4])}`;
  const numbered = branch.exec(plain);
  if (numbered === null) return undefined;
  return `${[1, 2, 3, 4].map((i) => (numbered[i] ?? '.x').replace(/[x*]/i, '9999999')).join('')}-dev`;
}

function suffix(stability: string | undefined, number: string | undefined, dev: string | undefined): string {
  const lower = stability?.toLowerCase();
  if (lower === 'stable') return '';
  return `${lower === undefined ? '' : `-${stabilities[lower] ?? lower}${(number ?? '').replace(/^[.-]+/, '')}`}${dev === undefined ? '' : '-dev'}`;
}
