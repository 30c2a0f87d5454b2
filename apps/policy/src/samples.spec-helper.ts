import { randomUUID } from 'node:crypto';
import type { CompactFinding, ImageMatched, ImageRejected } from '@plimsoll/contracts';

/** A digest of its own for each number. */
export const digestOf = (number: number): string => `sha256:${number.toString(16).padStart(64, '0')}`;

export const aFinding = (change: Partial<CompactFinding> = {}): CompactFinding => ({
  id: 'CVE-2029-0001', severity: 'critical', score: 9.8, state: 'affected', fix_state: 'available', fixed_version: '2',
  package: 'openssl', version: '1', purl: 'pkg:deb/debian/openssl@1', ...change,
});

const none = { critical: 0, high: 0, medium: 0, low: 0, unknown: 0, negligible: 0 };

/** Counts of the findings as the feeds count them, `unlisted` high ones with a fix more. */
export function summaryOf(findings: readonly CompactFinding[], unlisted = 0): ImageMatched['summary'] {
  const summary = { total: unlisted, by_severity: { ...none, high: unlisted }, fixable: { ...none, high: unlisted }, undetermined: 0, not_covered: 0 };
  for (const { state, severity, fix_state } of findings) {
    if (state === 'undetermined') summary.undetermined++;
    if (state !== 'affected') continue;
    summary.total++;
    summary.by_severity[severity]++;
    if (fix_state === 'available') summary.fixable[severity]++;
  }
  return summary;
}

/** A clean image of project `default`, as of revision 7 of a minute ago; `push: null` for none. */
export function aMatch({ image = {}, worst = [], push = randomUUID(), revision = 7, ...change }: Partial<Omit<ImageMatched, 'image' | 'push' | 'revision'>> & { image?: Partial<ImageMatched['image']>; push?: string | null; revision?: number } = {}): ImageMatched {
  return {
    ...(push !== null && { push }),
    image: { project: 'default', reference: 'registry.example/team/app:1', digest: digestOf(1), ...image },
    platform: 'linux/amd64', os: { id: 'debian', version_id: '12', name: 'Debian GNU/Linux' }, configuration: { user: '1000' }, packages: 100, problems: 0,
    revision: { number: revision, published_at: new Date(Date.now() - 60_000).toISOString() },
    summary: summaryOf(worst), worst, added: [], removed: [], ...change,
  };
}

export const aRejection = (change: Partial<ImageRejected> = {}): ImageRejected => ({
  push: randomUUID(), project: 'default', target: 'registry.example/team/app:1', digest: digestOf(1),
  problem: { kind: 'invalid', detail: 'layer 3 ends early', code: 'layer-truncated' }, ...change,
});

/** A policy of one rule. */
export const aPolicy = (rule: string, name = 'strict'): string => `name: ${name}\nrules:\n  - id: only-rule\n    title: The only rule\n    ${rule}\n`;
