import { generateKeyPairSync } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { advisoryOfOsv, writeBundle, type BundleManifest, type BundleMember } from '@plimsoll/advisories';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { aHome } from './plimsoll.spec-helper.ts';

const home = aHome();
afterAll(() => home.remove());
const key = generateKeyPairSync('ed25519'), other = generateKeyPairSync('ed25519');

const line = (n: number): string => {
  const { affected, ...head } = advisoryOfOsv({ id: `GHSA-${n}`, modified: '2026-01-02T00:00:00Z', aliases: [`CVE-2026-${String(n).padStart(4, '0')}`], affected: [{ package: { ecosystem: 'npm', name: `package-${n}` }, ranges: [{ type: 'SEMVER', events: [{ introduced: '0' }, { fixed: '2.0.0' }] }] }] }, 'osv-npm');
  return JSON.stringify({ key: head.key, severity: 1, head, affected });
};
async function* members(): AsyncGenerator<BundleMember> {
  yield { about: { source: 'osv-npm', records: 20, kept_aside: 0, complete: true }, lines: (async function* () { for (let n = 0; n < 20; n++) yield line(n); })() };
  yield { about: { source: 'cisa-kev', records: 1, kept_aside: 0, complete: true }, lines: (async function* () { yield JSON.stringify({ key: 'CVE-2026-0001', body: { cve: 'CVE-2026-0001', source: 'cisa-kev', severities: [], kev: { added: '2026-01-02' } } }); })() };
}
const about: Omit<BundleManifest, 'sources'> = { platform: '7d2c1c3e-6c57-4f0e-9b2f-0c8f0a3a1b11', revision: 57, published_at: '2026-01-03T00:00:00Z', base: null, made_at: '2026-01-03T00:00:01Z' };

beforeAll(async () => {
  writeFileSync(home.file('trusted.pem'), key.publicKey.export({ type: 'spki', format: 'pem' }));
  writeFileSync(home.file('stranger.pem'), other.publicKey.export({ type: 'spki', format: 'pem' }));
  await writeBundle(home.file('whole.tar'), about, members(), key.privateKey);
  await writeBundle(home.file('day.tar'), { ...about, revision: 58, base: 57 }, members(), key.privateKey);
  const spoilt = readFileSync(home.file('whole.tar'));
  spoilt[spoilt.length - 2_000]! ^= 1;
  writeFileSync(home.file('spoilt.tar'), spoilt);
});

const take = (...words: string[]) => home.plimsoll(['db', 'import', ...words, '--db', home.file('advisories.db')]);

it('a whole bundle becomes the database of this machine, and a scan finds with it', async () => {
  const ran = await take('whole.tar', '--key', 'trusted.pem');
  expect(ran).toMatchObject({ code: 0, out: expect.stringContaining('20 advisories') });
  expect(ran.err).toContain('Verified: revision 57');
  writeFileSync(home.file('package-lock.json'), JSON.stringify({ name: 'app', lockfileVersion: 3, packages: { '': {}, 'node_modules/package-1': { version: '1.0.0' } } }));
  const report = JSON.parse((await home.plimsoll(['scan', 'package-lock.json', '--json', '--db', home.file('advisories.db')])).out) as { findings: object[] };
  expect(report.findings).toMatchObject([{ id: 'CVE-2026-0001', kev: { added: '2026-01-02' } }]);
});

it.each([
  ['without a key', ['whole.tar'], 'bundle-no-keys'], ['with a stranger\'s key', ['whole.tar', '--key', 'stranger.pem'], 'bundle-key-unknown'],
  ['with a byte changed', ['spoilt.tar', '--key', 'trusted.pem'], 'bundle-'], ['that is a difference', ['day.tar', '--key', 'trusted.pem'], 'bundle-base-missing'], ['with a key that is none', ['whole.tar', '--key', 'whole.tar'], 'bundle-key-unreadable'],
])('a bundle %s is refused, and the old database stays', async (_name, words, code) => {
  const before = readFileSync(home.file('advisories.db'));
  const ran = await take(...words);
  expect({ code: ran.code, out: ran.out }).toEqual({ code: 1, out: '' });
  expect(ran.err).toContain(code);
  expect(readFileSync(home.file('advisories.db')).equals(before)).toBe(true);
});
