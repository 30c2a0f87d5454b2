import { describe, expect, it } from 'vitest';
import { contains, inRange, type OsvAffected, type OsvEvent, osvIntervals, type Scheme, versionKey } from './index.ts';

const range = (...events: OsvEvent[]): OsvAffected => ({ ranges: [{ type: 'ECOSYSTEM', events }] });
const answers = (scheme: Scheme, affected: OsvAffected, versions: readonly string[]) => versions.filter((version) => inRange(scheme, version, affected).result === true);

const versions = ['0.9.0', '1.0.0-rc.1', '1.0.0', '1.0.1', '1.1.0', '1.2.0', '2.0.0-alpha', '2.0.0', '3.0.0'];

/** OSV schema, "Evaluation" and "Examples". */
describe('events switch between affected and not', () => {
  it.each<[string, OsvAffected, readonly string[]]>([
    ['everything', range({ introduced: '0' }), versions],
    ['until fixed', range({ introduced: '0' }, { fixed: '1.0.1' }), ['0.9.0', '1.0.0-rc.1', '1.0.0']],
    ['in any order of events', range({ fixed: '1.0.1' }, { introduced: '0' }), ['0.9.0', '1.0.0-rc.1', '1.0.0']],
    ['until and with the last affected', range({ introduced: '1.0.0' }, { last_affected: '1.1.0' }), ['1.0.0', '1.0.1', '1.1.0']],
    ['two intervals of one range', range({ introduced: '0' }, { fixed: '1.0.0' }, { introduced: '1.1.0' }, { fixed: '2.0.0' }), ['0.9.0', '1.0.0-rc.1', '1.1.0', '1.2.0', '2.0.0-alpha']],
    ['two ranges', { ranges: [...range({ introduced: '0' }, { fixed: '1.0.0' }).ranges!, ...range({ introduced: '3.0.0' }).ranges!] }, ['0.9.0', '1.0.0-rc.1', '3.0.0']],
    ['fixed and back at the same version', range({ introduced: '0' }, { fixed: '1.0.0' }, { introduced: '1.0.0' }, { fixed: '1.0.1' }), ['0.9.0', '1.0.0-rc.1', '1.0.0']],
    ['one version', range({ introduced: '1.0.1' }, { last_affected: '1.0.1' }), ['1.0.1']],
    ['nobody: introduced 0, fixed 0', range({ introduced: '0' }, { fixed: '0' }), []],
    ['nobody: introduced and fixed at once', range({ introduced: '1.0.0' }, { fixed: '1.0.0' }), []],
    ['not past the limit', range({ introduced: '1.0.0' }, { limit: '1.1.0' }), ['1.0.0', '1.0.1']],
    ['a limit of * is none', range({ introduced: '2.0.0' }, { limit: '*' }), ['2.0.0', '3.0.0']],
    ['a fix without introduction in between', range({ introduced: '0' }, { fixed: '1.0.0' }, { fixed: '2.0.0' }), ['0.9.0', '1.0.0-rc.1']],
    ['listed versions', { versions: ['1.0', 'v1.2.0'] }, ['1.0.0', '1.2.0']],
    ['listed versions beside a range', { ...range({ introduced: '3.0.0' }), versions: ['0.9.0'] }, ['0.9.0', '3.0.0']],
  ])('%s', (_, affected, expected) => {
    expect(answers('npm', affected, versions)).toEqual(expected);
    // And what is not inside is a plain no.
    expect(versions.map((version) => inRange('npm', version, affected).result)).not.toContain('undetermined');
  });

  it.each<[Scheme, string, OsvAffected, boolean]>([
    ['deb', '3.0.11-1~deb12u2', range({ introduced: '0' }, { fixed: '3.0.11-1~deb12u3' }), true],
    ['deb', '3.0.11-1', range({ introduced: '0' }, { fixed: '3.0.11-1~deb12u3' }), false],
    ['rpm', '1:1.1.1k-9.el8_7', range({ introduced: '0' }, { fixed: '1:1.1.1k-12.el8_9' }), true],
    ['apk', '3.1.4-r0', range({ introduced: '0' }, { fixed: '3.1.4-r1' }), true],
    ['go', 'v0.0.0-20220314234659-1baeb1ce4c0b', range({ introduced: '0' }, { fixed: '0.0.0-20220525230936-793ad666bf5e' }), true],
    ['go', 'go1.20.3', range({ introduced: '1.20.0-0' }, { fixed: '1.20.5' }), true],
    ['go', 'go1.20rc2', range({ introduced: '1.20.0-0' }, { fixed: '1.20.5' }), true],
    ['pep440', '3.2.0rc1', range({ introduced: '3.1' }, { fixed: '3.2' }), true],
    ['maven', '2.0-beta9', range({ introduced: '2.0-beta9' }, { fixed: '2.3.1' }), true],
  ])('%s: %s', (scheme, version, affected, expected) => {
    expect(inRange(scheme, version, affected)).toEqual({ result: expected });
  });
});

describe('cannot tell', () => {
  it.each<[string, string, OsvAffected]>([
    ['a version that cannot be read', 'latest', range({ introduced: '0' })],
    ['a bound that cannot be read', '1.0.0', range({ introduced: '0' }, { fixed: 'next' })],
    ['no introduced event', '1.0.0', range({ fixed: '1.0.0' })],
    ['only commits', '1.0.0', { ranges: [{ type: 'GIT', events: [{ introduced: '0' }, { fixed: 'abc' }] }] }],
    ['nothing at all', '1.0.0', {}],
  ])('%s', (_, version, affected) => {
    expect(inRange('npm', version, affected)).toEqual({ result: 'undetermined', reason: expect.any(String) });
  });

  it('but one readable range is enough for yes', () => {
    const affected = { ranges: [...range({ introduced: 'next' }).ranges!, ...range({ introduced: '1.0.0' }).ranges!] };
    expect(inRange('npm', '1.0.0', affected).result).toBe(true);
    expect(inRange('npm', '0.9.0', affected).result).toBe('undetermined');
  });

  it('and a version listed letter by letter needs no reading', () => {
    expect(inRange('npm', 'latest', { versions: ['latest'] }).result).toBe(true);
    expect(inRange('pep440', '2004d', { versions: ['2004d'] }).result).toBe(true);
  });
});

describe('osvIntervals', () => {
  it('gives keys an index can hold', () => {
    const read = osvIntervals('deb', { events: [{ introduced: '0' }, { fixed: '1.0-2' }, { introduced: '2.0' }, { last_affected: '2.1' }] });
    expect(read).toEqual({ intervals: [
      { from: undefined, until: keyOf('1.0-2'), untilIncluded: false },
      { from: keyOf('2.0'), until: keyOf('2.1'), untilIncluded: true },
    ] });
    expect(contains({ from: keyOf('2.0'), until: keyOf('2.1'), untilIncluded: true }, keyOf('2.1'))).toBe(true);
  });

  it('says why it cannot', () => {
    expect(osvIntervals('deb', { events: [{ introduced: 'a:b' }] })).toEqual({ undetermined: expect.stringContaining('a:b') });
  });
});

const keyOf = (version: string): string => (versionKey('deb', version) as { key: string }).key;
