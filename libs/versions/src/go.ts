import type { SemanticVersion } from './semver.ts';
import { semverLike } from './semver.ts';
import { type SchemeDefinition, Unreadable } from './scheme.ts';

/** Undefined for what golang.org/x/mod/semver calls invalid: it sorts first, and all such are equal. */
export interface GoVersion { readonly version: SemanticVersion | undefined; readonly reason: string | undefined }

const semver = semverLike({ parts: 3, leadingZero: 'text' });

/**
 * Module versions `v1.2.3`, pseudo-versions and `+incompatible` by golang.org/x/mod/semver; the same without `v`
 * (as OSV and the standard library's advisories write them); toolchains `go1.21.3`, `go1.22rc1` as vulndb maps them to semver.
 */
export const go: SchemeDefinition<GoVersion> = {
  parse(text) {
    const version = read(text);
    return version instanceof Unreadable ? { version: undefined, reason: version.reason } : { version, reason: undefined };
  },
  compare: ({ version: a }, { version: b }) =>
    a === undefined || b === undefined ? Number(a !== undefined) - Number(b !== undefined) : semver.compare(a, b),
  key: ({ version }) => version === undefined ? '\x01' : '\x02' + semver.key(version),
  irregular: ({ reason }) => reason,
};

function read(text: string): SemanticVersion | Unreadable {
  if (text.startsWith('go')) {
    const match = toolchain.exec(text);
    if (match === null) return new Unreadable('not a Go toolchain version');
    const [, minor, patch = '.0', kind, number] = match;
    return semver.parse(`${minor}${patch}${kind === undefined ? '' : `-${kind}.${number}`}`);
  }
  // `v1-pre` would be a pre-release of what? x/mod asks for all three numbers before a dash or plus.
  if (shortened.test(text)) return new Unreadable('a pre-release or build needs three numbers before it');
  if (leadingZero.test(text)) return new Unreadable('a number with a zero before it');
  if (text.startsWith('=') || text.startsWith('V')) return new Unreadable(`unexpected ${JSON.stringify(text[0])} at 0`);
  return semver.parse(text);
}

/** Vendors add to it: `go1.20.5-fips`, `go1.21.0 X:strictfipsruntime`; what follows is the same release. */
const toolchain = /^go(\d+\.\d+)(\.\d+)?(?:(beta|rc)(\d+))?(?:[-+].*)?$/;
/** In one of the three numbers, or in a numeric identifier of the pre-release. */
const leadingZero = /^v?(?:0\d|\d+\.0\d|\d+\.\d+\.0\d)|^[^+-]*-(?:[^+]*\.)?0\d+(?:[.+]|$)/;
const shortened = /^v?\d+(?:\.\d+)?[-+]/;
