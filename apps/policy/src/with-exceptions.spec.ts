import { listFindings, readInput, type CompactFinding, type Exception } from '@plimsoll/policy-language';
import { describe, expect, it } from 'vitest';
import { matchedFacts } from './facts.ts';
import { aFinding, aMatch, digestOf, summaryOf } from './samples.spec-helper.ts';
import { idsToLookUp, nothingLookedUp, withExceptions } from './with-exceptions.ts';

const noon = new Date('2030-01-02T12:00:00Z');
const anException = (finding: string, change: Partial<Exception> = {}): Exception =>
  ({ id: `for ${finding}`, scope: { project: 'default' }, finding, until: '2031-01-01T00:00:00.000Z', reason: 'r', approved_by: 'ann', ...change });

/** 300 findings, of which an event lists the first 200. */
const all = Array.from({ length: 300 }, (_, index) => aFinding({ id: `CVE-${1000 + index}`, severity: index < 250 ? 'high' : 'low', score: 5 })) as CompactFinding[];
const long = matchedFacts(aMatch({ worst: all.slice(0, 200), summary: summaryOf(all) }));
const short = matchedFacts(aMatch({ worst: all.slice(0, 3) }));

describe('what must be looked up', () => {
  it.each<[string, typeof long, Exception[], string[]]>([
    ['nothing without exceptions', long, [], []],
    ['nothing when all findings are listed', short, [anException('CVE-1'), anException('CVE-1000')], []],
    ['an id that is not listed', long, [anException('CVE-1290')], ['CVE-1290']],
    ['an id that is listed, for it may be in further packages', long, [anException('CVE-1000')], ['CVE-1000']],
    ['each id once', long, [anException('CVE-1290'), anException('CVE-1290', { id: 'again', package: 'openssl' })], ['CVE-1290']],
    ['not what was looked up before', { ...long, looked_up: ['CVE-1290'] }, [anException('CVE-1290')], []],
    ['not for an exception that ended', long, [anException('CVE-1290', { until: '2030-01-02T12:00:00.000Z' })], []],
    ['not for another image', long, [anException('CVE-1290', { scope: { digest: digestOf(2) } })], []],
    ['not for a rule', long, [anException('x', { finding: undefined, rule: 'root-user' })], []],
  ])('%s', (_, facts, exceptions, expected) => {
    expect(idsToLookUp(facts, exceptions, noon)).toEqual(expected);
  });
});

describe('an input with exceptions', () => {
  it('is the same to the byte as that of a caller who holds all findings', () => {
    const exceptions = [anException('CVE-1290'), anException('CVE-1000'), anException('CVE-9')];
    const asked = withExceptions(long, exceptions, { ids: ['CVE-1290', 'CVE-1000', 'CVE-9'], findings: [all[290]!, all[0]!] });
    const held = { ...long, ...listFindings(all, exceptions), exceptions };
    expect(readInput(asked).digest).toBe(readInput(held).digest);
    expect(asked.worst).toHaveLength(201);
  });

  it('does not claim to know what was not looked up', () => {
    const asked = withExceptions(long, [anException('CVE-1290'), anException('CVE-9')], { ids: ['CVE-9'], findings: [] });
    expect(asked.looked_up).toEqual(['CVE-9']);
  });

  it('drops what a revoked exception had brought in', () => {
    const before = withExceptions(long, [anException('CVE-1290')], { ids: ['CVE-1290'], findings: [all[290]!] });
    const after = withExceptions(before, [], nothingLookedUp);
    expect(readInput(after).digest).toBe(readInput(long).digest);
  });

  it('carries only exceptions that speak of the image, and of too many those that last longest', () => {
    const many = Array.from({ length: 510 }, (_, index) => anException(`CVE-${index}`, { until: new Date(Date.UTC(2031, 0, 1 + index)).toISOString() }));
    const { exceptions } = withExceptions(short, [...many, anException('CVE-1', { id: 'elsewhere', scope: { name: 'other/*' } })], nothingLookedUp);
    expect(exceptions).toHaveLength(500);
    expect(exceptions.map(({ id }) => id)).not.toContain('for CVE-9');
    expect(exceptions.map(({ id }) => id)).not.toContain('elsewhere');
  });
});
