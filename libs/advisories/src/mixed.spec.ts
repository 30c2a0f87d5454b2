import { describe, expect, it } from 'vitest';
import { parseArch } from './arch.ts';
import { parseDebianLists } from './debian-lists.ts';
import { defaultFeedLimits, type FeedRecord, type Parser } from './feed.ts';
import { advisories, all, codeOf, problems, record, records, tarOf, zipOf } from './feeds.spec-helper.ts';
import { parseMixed } from './mixed.ts';

const formatOf = (head: string): Parser | undefined => head.startsWith('[{"name":"AVG') ? parseArch : /^\[\d\d \w+ \d+\] DSA/.test(head) ? parseDebianLists : undefined;
const read = (...files: FeedRecord[]) => all(parseMixed(formatOf)(records(...files), { source: 'test', limits: defaultFeedLimits }));
const arch = (id: string) => JSON.stringify([{ name: id, packages: ['curl'], status: 'Vulnerable', issues: [] }]);
const dsa = (id: string) => `[01 Jan 2026] ${id} bash - security update\n\t[bookworm] - bash 1\n`;

describe('a collection of publications', () => {
  it('is read by folder and format, archives in it too', async () => {
    const readings = await read(record('a/all.json', arch('AVG-1')), record('a/DSA', dsa('DSA-1-1')), record('b/all.json', arch('AVG-1')), record('c.tar', tarOf({ 'data/DSA/list': dsa('DSA-2-1') })), record('d.zip', zipOf({ 'all.json': arch('AVG-2') })), record('README.md', 'words'));
    expect(advisories(readings).map(({ key }) => key).sort()).toEqual(['a#AVG-1', 'a#DSA-1-1', 'b#AVG-1', 'c.tar#DSA-2-1', 'd.zip#AVG-2']);
    expect(problems(readings)).toEqual(['record-format-unknown README.md']);
  });
  it('loses no other for one that cannot be read', async () => {
    const readings = await read(record('a/all.json', '[{"name":"AVG-1"'), record('b.tar', tarOf({ 'x.json': arch('AVG-1') }).subarray(0, 700)), record('c/all.json', arch('AVG-3')));
    expect(advisories(readings).map(({ id }) => id)).toEqual(['AVG-3']);
    expect(problems(readings).sort()).toEqual(['record-truncated a/all.json', 'record-truncated b.tar']);
  });
  it('is no larger than can be held', async () => {
    const limits = { ...defaultFeedLimits, recordBytes: 10 };
    expect(problems(await all(parseMixed(formatOf)(records(record('a/all.json', arch('AVG-1'))), { source: 'test', limits })))).toEqual(['record-too-large a/all.json']);
    expect(await codeOf(all(parseMixed(formatOf)(records(), { source: 'test', limits })))).toBe('none');
  });
});
