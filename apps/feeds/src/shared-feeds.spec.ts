import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { GetFeedsStatus, GetSource, IngestSource } from '@plimsoll/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { feedsBench, type FeedsBench } from './feeds.spec-helper.ts';

const shared = join(import.meta.dirname, '../../../../shared/data/feeds');

/** One or two of every shape (all of them are counted in libs/advisories). Source, file, records, records kept aside: those of the manifest beside the data; where they differ, why. */
const feeds: readonly (readonly [source: string, file: string, records: number, aside: number, why?: string])[] = [
  ['osv-almalinux', 'osv-AlmaLinux-all.zip', 5_637, 0, 'of 5,680 files 43 are the same notice in the folder of another release'],
  ['osv-go', 'osv-Go-all.zip', 4_291, 0],
  ['osv-crates', 'osv-crates.io-all.zip', 1_206, 0],
  ['psf', 'osv-PSF-all.zip', 132, 0],
  ['rubysec', 'rubysec-ruby-advisory-db.tar.zst', 1_381, 0],
  ['friendsofphp', 'friendsofphp-security-advisories.tar.zst', 1_592, 0],
  ['private', 'osv-GHSA-and-distro-samples.zip', 643, 0],
  ['photon-oval', 'photon-oval-com.vmware.phsa-photon3.xml.zst', 222, 0],
  ['cisa-kev', 'cisa-kev.tar.zst', 1_460, 7, 'three editions of one catalogue: the newest has 1,460, of 7 an older one says otherwise'],
  ['vex', 'openvex-aquasecurity-vexhub.tar.zst', 15_304, 0, 'statements; 59 of the 116 files are documents, the others manifests'],
];

describe.skipIf(!existsSync(shared))('the feeds of ../shared/data (skipped where they are not there)', () => {
  let bench: FeedsBench;
  beforeAll(async () => { bench = await feedsBench({ PLIMSOLL_FEEDS_FILES: shared }); }, 60_000);
  afterAll(() => bench?.close());

  it('come in whole, and the status says so', async () => {
    for (const [source, file] of feeds) await bench.ask(IngestSource, { source, file }, { timeoutMs: 240_000 });
    const status = await bench.ask(GetFeedsStatus, {});
    const said = new Map(status.sources.map((one) => [one.source, one]));
    console.log(feeds.map(([source, , records, , why]) => `${source.padEnd(16)} ${said.get(source)!.advisories} of ${records}, ${said.get(source)!.kept_aside} aside${why ? ` (${why})` : ''}`).join('\n'));
    expect(feeds.map(([source]) => [source, said.get(source)!.advisories, said.get(source)!.kept_aside, said.get(source)!.state])).toEqual(feeds.map(([source, , records, aside]) => [source, records, aside, 'ok']));
    expect(status.revision).toBe(feeds.length);
    expect((await bench.ask(GetSource, { source: 'osv-go' })).canaries).toEqual([{ canary: 'Go/golang.org/x/net@0.10.0=CVE-2023-39325', held: true }, { canary: 'Go/golang.org/x/text@0.3.0=CVE-2020-14040', held: true }]);
  }, 600_000);

  it('make no news the second time', async () => {
    for (const [source, file] of feeds.slice(0, 3)) expect(await bench.ask(IngestSource, { source, file }, { timeoutMs: 120_000 }), source).toMatchObject({ revision: feeds.length, added: 0, changed: 0, removed: 0 });
  }, 120_000);
});
