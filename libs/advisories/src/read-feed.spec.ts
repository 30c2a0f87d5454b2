import { describe, expect, it } from 'vitest';
import type { Affected } from './advisory.ts';
import type { Parser } from './feed.ts';
import { all, records } from './feeds.spec-helper.ts';
import { noCounts, readFeed } from './read-feed.ts';

const entry: Affected = { ecosystem: 'npm', name: 'left-pad', status: 'affected', fix_state: 'none-yet' };
/** A feed that gives these entries, one advisory each, and one that is sound. */
const feed = (...entries: Partial<Affected>[]): Parser => async function* (_, { source }) {
  for (const [index, more] of [...entries, {}].entries()) yield { kind: 'advisory', advisory: { id: `A-${index}`, key: `A-${index}`, source, aliases: [], vulnerabilities: [], severities: [], references: [], affected: [{ ...entry, ...more }] } };
};

describe('a feed', () => {
  it.each<[string, Partial<Affected>]>([
    ['a version of unlikely length', { ranges: [{ fixed: '9'.repeat(513) }] }], ['a first version of unlikely length', { ranges: [{ introduced: '1.'.repeat(300) }] }], ['a package of unlikely name', { name: 'x'.repeat(1_001) }],
  ])('sets aside %s, and the rest counts', async (_, more) => {
    const counts = noCounts();
    const readings = await all(readFeed({ id: 'test', parse: feed(more) }, records(), counts));
    expect(readings.map((one) => one.kind === 'rejected' ? `${one.problem.code} ${one.record} ${one.excerpt.length <= 512}` : one.advisory.id)).toEqual(['record-absurd A-0 true', 'A-1']);
    expect(counts).toMatchObject({ advisories: 1, rejected: 1, problems: { 'record-absurd': 1 } });
  });
});
