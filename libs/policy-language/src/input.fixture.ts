import { compilePolicy } from './check.ts';
import { compareFindings, type CompactFinding } from './finding.ts';
import { parsePolicy } from './parse.ts';

/** The instant most tests judge at; one day after the revision. */
export const noon = new Date('2030-01-02T12:00:00.000Z');

export const none = { critical: 0, high: 0, medium: 0, low: 0, unknown: 0, negligible: 0 };

export const aFinding = (change: Partial<CompactFinding> = {}): CompactFinding => ({
  id: 'CVE-2029-0001', severity: 'critical', score: 9.8, state: 'affected', fix_state: 'available', fixed_version: '3.0.11-1~deb12u2',
  package: 'openssl', version: '3.0.11-1~deb12u1', purl: 'pkg:deb/debian/openssl@3.0.11-1~deb12u1', published: '2029-11-01T00:00:00Z', ...change,
});

/** An exception for one finding in project `shop`, until the end of January. */
export const anException = (change: Record<string, unknown> = {}) => ({
  id: 'EX-1', scope: { project: 'shop' }, finding: 'CVE-2029-0001', until: '2030-01-31T00:00:00Z', reason: 'the code is not reachable', approved_by: 'ada@example.com', ...change,
});

/** A clean image; counts follow the findings given, unless they are given too. */
export function anInput({ image, inventory, ...change }: { image?: object; inventory?: object; worst?: CompactFinding[]; [other: string]: unknown } = {}) {
  const { worst = [] } = change;
  const affected = worst.filter(({ state }) => state === 'affected');
  const count = (some: readonly CompactFinding[]) => some.reduce((counts, { severity }) => ({ ...counts, [severity]: counts[severity] + 1 }), none);
  const scores = affected.flatMap(({ score }) => score ?? []);
  return {
    version: 1, kind: 'image',
    image: { project: 'shop', reference: 'registry.example.com/shop/web:1.4.2', digest: `sha256:${'a'.repeat(64)}`, platform: 'linux/amd64', created: '2029-12-01T00:00:00Z', user: 'app', labels: {}, ...image },
    inventory: { os: { id: 'debian', version_id: '12', name: 'Debian GNU/Linux' }, packages: 120, problems: 0, ...inventory },
    findings: {
      total: affected.length, by_severity: count(affected), fixable: count(affected.filter(({ fix_state }) => fix_state === 'available')),
      undetermined: worst.length - affected.length, not_covered: 0, ...(scores.length > 0 && { max_score: Math.max(...scores) }),
    },
    worst: worst.toSorted(compareFindings),
    looked_up: [], exceptions: [],
    revision: { number: 7, published_at: '2030-01-01T12:00:00Z' },
    ...change,
  };
}

export const aRejected = () => ({
  version: 1, kind: 'rejected', image: { project: 'shop', reference: 'registry.example.com/shop/web:1.4.2' },
  problem: { kind: 'invalid', detail: 'layer 3 ends early', code: 'archive-truncated' },
});

/** A policy with these rules that allows everything nobody can tell, so that only the rules speak. */
export const aPolicy = (...rules: Record<string, unknown>[]) => compilePolicy(parsePolicy(JSON.stringify({
  name: 'test',
  cannot_tell: { partial_inventory: 'allow', empty_inventory: 'allow', no_advisories: 'allow', stale_advisories: 'allow', undetermined: 'allow', not_covered: 'allow', unlisted_findings: 'allow' },
  rules: rules.map((rule, index) => ({ id: `rule-${index + 1}`, title: `rule ${index + 1}`, ...rule })),
})));
