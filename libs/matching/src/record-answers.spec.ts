import fc from 'fast-check';
import { type Advisory, type Affected } from '@plimsoll/advisories';
import { schemeOf, versionKey } from '@plimsoll/versions';
import { describe, expect, it } from 'vitest';
import { indexOf } from './advisory-index.ts';
import { judge } from './judge.ts';
import { answersOfRecord } from './record-answers.ts';

const versions = ['0.1.0', '1.0.0-rc.1', '1.0.0', '1.0.1', '1.5.0', '2.0.0', '10.0.0', 'not a version'];
const version = fc.constantFrom(...versions);
const seldom = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.oneof({ weight: 6, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });
const range = fc.record({ introduced: fc.option(fc.oneof(version, fc.constant('0')), { nil: undefined }), end: fc.option(fc.tuple(fc.constantFrom('fixed', 'last_affected', 'limit'), version), { nil: undefined }) })
  .map(({ introduced, end }) => ({ ...(introduced === undefined ? {} : { introduced }), ...(end === undefined ? {} : { [end[0]]: end[1] }) }));
const affected: fc.Arbitrary<Affected> = fc.record({
  ecosystem: fc.constant('npm'), name: fc.constant('left'), status: fc.constantFrom('affected', 'affected', 'affected', 'fixed', 'not-affected', 'undetermined'),
  fix_state: fc.constantFrom('available', 'none-yet', 'wont-fix', 'unknown'),
  ranges: fc.option(fc.array(range, { maxLength: 3 }), { nil: undefined }), versions: seldom(fc.array(version, { minLength: 1, maxLength: 3 })),
  severity: fc.option(fc.constantFrom('high', 'low'), { nil: undefined }), module: seldom(fc.constant('a:1')),
}).map((one) => Object.fromEntries(Object.entries(one).filter(([, value]) => value !== undefined)) as unknown as Affected);
const advisory: fc.Arbitrary<Advisory> = fc.record({
  named: fc.constantFrom({ id: 'CVE-2026-1001', aliases: [] }, { id: 'GHSA-1', aliases: ['CVE-2026-1001'] }, { id: 'GHSA-2', aliases: [] }, { id: 'GHSA-3', aliases: ['PYSEC-3'] }, { id: 'DSA-1', aliases: [], vulnerabilities: ['CVE-2026-1001', 'CVE-2026-1002'] }),
  withdrawn: seldom(fc.constant('2026-01-01T00:00:00Z')), affected,
  scored: fc.option(fc.constant({ type: 'CVSS_V3', vector: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H', score: 9.8 } as const), { nil: undefined }),
}).map(({ named, withdrawn, affected: entry, scored }) => ({ vulnerabilities: [], ...named, key: named.id, source: 'test', references: [], severities: scored ? [scored] : [], affected: [entry], ...(withdrawn ? { withdrawn } : {}) }));

/** How a table reads answers: by the version's key, and of a version without one all. */
function placed(answers: ReturnType<typeof answersOfRecord>, key: string | null) {
  return answers.filter(({ lower, upper, meets }) => key === null || meets || (lower <= key && (upper === null || key < upper)));
}

describe('answers of a record', () => {
  it('equal what the matcher says of any version, or leave it to the matcher', () => {
    fc.assert(fc.property(advisory, version, ({ affected: [entry], ...head }, text) => {
      const answer = versionKey(schemeOf('npm')!, text), key = 'key' in answer ? answer.key : null;
      const judged = judge(indexOf([{ ...head, affected: [entry!] }]), { ecosystem: 'npm', name: 'left', version: text });
      const found = placed(answersOfRecord(head, entry!), key);
      // Nothing the matcher finds is missing, whoever has the last word.
      const ids = new Set(found.map(({ judgement: { id } }) => id));
      expect(judged.filter(({ id }) => !ids.has(id))).toEqual([]);
      if (key === null || found.some(({ meets }) => meets)) return;
      const words = ({ id, state, severity, score, fix_state, fixed_version }: (typeof judged)[number]) => ({ id, state, severity, score, fix_state, fixed_version });
      expect(found.map(({ judgement }) => words(judgement))).toEqual(judged.map(words));
    }), { numRuns: 5_000 });
  });

  it('of plain records are told without the matcher', () => {
    const entry: Affected = { ecosystem: 'npm', name: 'left', status: 'affected', fix_state: 'unknown', ranges: [{ introduced: '1.0.0', fixed: '1.0.1' }, { introduced: '2.0.0', last_affected: '10.0.0' }] };
    const answers = answersOfRecord({ id: 'GHSA-1', key: 'GHSA-1', source: 'test', aliases: ['CVE-2026-1001'], vulnerabilities: [], severities: [], references: [] }, entry);
    expect(answers).toMatchObject([{ meets: false, isNameless: false, judgement: { id: 'CVE-2026-1001', fixed_version: '1.0.1' } }, { meets: false, judgement: { fix_state: 'unknown' } }]);
  });
});
