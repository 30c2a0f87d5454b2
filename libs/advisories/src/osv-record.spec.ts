import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hasShared, shared } from './feeds.spec-helper.ts';
import { bytesOf, defaultFeedLimits } from './feed.ts';
import { advisoryOfOsv } from './osv.ts';
import { isPlainOsv, osvBySchema } from './osv-record.ts';
import { recordsOf } from './records-of.ts';

const whole = () => ({
  id: 'ALSA-2026:1', modified: '2026-01-01T00:00:00Z', published: null, withdrawn: '2026-02-02T00:00:00Z', aliases: ['CVE-2026-0001', 'CVE-2026-0001'], upstream: ['UBUNTU-CVE-2026-0002'], related: ['CVE-2026-0003'],
  summary: 'Important: nodejs:18 security update', details: 'long', severity: [{ type: 'CVSS_V3', score: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H' }], references: [{ type: 'WEB', url: 'https://example.org' }],
  affected: [
    { package: { ecosystem: 'AlmaLinux:8', name: 'npm' }, severity: [{ type: 'Ubuntu', score: 'low' }], ranges: [{ type: 'ECOSYSTEM', events: [{ introduced: '0' }, { fixed: '18-1.module_el8' }, { last_affected: '3' }, { limit: '*' }] }], versions: ['1'] },
    { package: { ecosystem: 'crates.io', name: 'a_b' }, ranges: null, versions: ['1', '2'], ecosystem_specific: { urgency: 'unimportant' }, database_specific: { informational: 'unmaintained', severity: 7 } },
  ],
  database_specific: { severity: 'HIGH' }, ecosystem_specific: { ubuntu_priority: 'low' },
});

/** Values and lengths at which a check may differ from the schema. */
const odd = fc.oneof(
  fc.constantFrom<unknown>(null, undefined, true, 0, '', 'GIT', [], {}, [null], [{}], [''], [[]], { url: 1 }, { events: [] }, { events: null }, { type: 'x', score: null }, { introduced: 1 }),
  fc.constantFrom(200, 201, 512, 513, 1_000, 1_001).map((length) => 'x'.repeat(length)),
  fc.jsonValue({ maxDepth: 2 }),
);

/** Every place of a document: the object or list it is in, and its name there. */
const placesOf = (value: unknown): [holder: Record<string, unknown>, key: string][] =>
  typeof value !== 'object' || value === null ? [] : Object.entries(value).flatMap(([key, part]) => [[value as Record<string, unknown>, key], ...placesOf(part)] as [Record<string, unknown>, string][]);

const outcome = (read: () => unknown): unknown => {
  try { return read(); } catch (error) { return [(error as { code: string }).code, (error as Error).message]; }
};
const isRight = (document: unknown): boolean => { try { osvBySchema(document); return true; } catch { return false; } };

/** The quick check and the schema say the same, and the same advisory is made by either way. */
function expectSame(document: unknown): void {
  expect(isPlainOsv(document)).toBe(isRight(document));
  expect(outcome(() => advisoryOfOsv(document, 'test'))).toEqual(outcome(() => advisoryOfOsv(osvBySchema(document), 'test')));
}

describe('the quick check of an OSV record agrees with the schema', () => {
  it('on a record with one or two odd values anywhere in it', () => {
    fc.assert(fc.property(fc.array(fc.tuple(fc.nat(), odd), { minLength: 1, maxLength: 2 }), (changes) => {
      const document = whole();
      for (const [place, value] of changes) {
        const places = placesOf(document), [holder, key] = places[place % places.length]!;
        holder[key] = structuredClone(value);
      }
      expectSame(document);
    }), { numRuns: 1_000 });
  });
  it('on every value that stands alone, and without any one member', () => {
    fc.assert(fc.property(odd, expectSame));
    for (let place = 0; place < placesOf(whole()).length; place++) {
      const document = whole(), [holder, key] = placesOf(document)[place]!;
      if (!Array.isArray(holder)) delete holder[key];
      expectSame(document);
    }
  });
  it('on texts and lists of the greatest length, and one more', () => {
    for (const longest of [200, 512, 1_000, 1_000_000]) {
      for (const length of [longest, longest + 1]) {
        for (let place = 0; place < placesOf(whole()).length; place++) {
          const document = whole(), [holder, key] = placesOf(document)[place]!;
          if (typeof holder[key] !== 'string') continue;
          holder[key] = 'x'.repeat(length);
          expect(isPlainOsv(document)).toBe(isRight(document));
        }
      }
    }
    for (const length of [20_000, 20_001]) {
      const document = { id: 'A', affected: [{ ranges: [{ events: Array.from({ length }, () => ({ introduced: '0' })) }] }] };
      expect(isPlainOsv(document)).toBe(length === 20_000);
      expect(isRight(document)).toBe(length === 20_000);
    }
  });
  it('and leaves to it what only looks like an object of JSON', () => {
    for (const document of [JSON.parse('{"id": "A", "constructor": 1}'), Object.assign(Object.create(null), { id: 'A' }), JSON.parse('{"id": "A", "database_specific": {"constructor": 1}}')]) {
      expect(isPlainOsv(document)).toBe(false);
      expect(outcome(() => advisoryOfOsv(document, 'test'))).toEqual(outcome(() => advisoryOfOsv(osvBySchema({ ...document }), 'test')));
    }
  });
  it.skipIf(!hasShared).each(['osv-GHSA-and-distro-samples.zip', 'osv-crates.io-all.zip', 'osv-PSF-all.zip'])('on the published records of %s (skipped without ../shared)', async (file) => {
    for await (const record of recordsOf(shared(`feeds/${file}`))) if (record.name.endsWith('.json')) expectSame(JSON.parse((await bytesOf(record, defaultFeedLimits.recordBytes)).toString('utf8')));
  });
});
