import { mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { gzipSync } from 'node:zlib';
import { addToIndex, buildImage, packDockerArchive, packOciArchive, tarHeader, writeBlob } from '@plimsoll/oci/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aHome, inShell, published, reportOf } from './plimsoll.spec-helper.ts';

const home = aHome();
const hasTerminals = inShell("script -qec 'echo seen' /dev/null", { cwd: home.path }).out.includes('seen');
afterAll(() => home.remove());
const write = (name: string, content: string | Buffer): void => { mkdirSync(dirname(home.file(name)), { recursive: true }); writeFileSync(home.file(name), content); };
const scan = (...words: string[]) => home.plimsoll(['scan', ...words]);

/** Three problems: critical with a fix, medium without, and one of unknown severity. */
const advisories = [
  { id: 'GHSA-aaaa-0000-0001', aliases: ['CVE-2026-0001'], severity: [{ type: 'CVSS_V3', score: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H' }], name: 'tar', events: [{ introduced: '0' }, { fixed: '6.2.1' }] },
  { id: 'GHSA-aaaa-0000-0002', aliases: ['CVE-2026-0002'], severity: [{ type: 'CVSS_V3', score: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:L' }], name: 'glob', events: [{ introduced: '0' }] },
  { id: 'GHSA-aaaa-0000-0003', aliases: ['CVE-2026-0003'], severity: [], name: 'pump', events: [{ introduced: '0' }, { fixed: '9.0.0' }] },
].map(({ id, aliases, severity, name, events }) => ({ schema_version: '1.6.0', id, aliases, severity, modified: '2026-01-02T00:00:00Z', published: '2026-01-01T00:00:00Z', affected: [{ package: { ecosystem: 'npm', name }, ranges: [{ type: 'SEMVER', events }] }] }));

const lock = (packages: Record<string, string>): string => JSON.stringify({ name: 'app', lockfileVersion: 3, packages: { '': { name: 'app' }, ...Object.fromEntries(Object.entries(packages).map(([name, version]) => [`node_modules/${name}`, { version }])) } });
const installed = (name: string, version: string) => ({ path: `app/node_modules/${name}/package.json`, content: JSON.stringify({ name, version }) });

beforeAll(async () => {
  for (const advisory of advisories) write(`feed/${advisory.id}.json`, JSON.stringify(advisory));
  write('app/package-lock.json', lock({ tar: '6.0.0', glob: '7.0.0', pump: '3.0.0', ms: '2.1.3' }));
  write('clean/package-lock.json', lock({ ms: '2.1.3' }));
  write('lenient.yaml', 'name: lenient\nrules:\n  - id: never\n    title: Never\n    deny: findings.total < 0\n    message: never\n');
  write('strict.yaml', 'name: strict\nrules:\n  - id: any-finding\n    title: Anything\n    deny: findings.total > 0\n    message: some\n');
  const built = await home.plimsoll(['db', 'build', 'osv-npm=feed']);
  expect(built).toMatchObject({ code: 0, err: '' });

  const layers = [{ entries: [installed('tar', '6.0.0'), installed('ms', '2.1.3')] }, { entries: [{ path: 'app/node_modules/tar/.wh.package.json', content: '' }, installed('pump', '3.0.0')] }];
  await buildImage({ layout: home.file('layout'), reference: 'app:1', layers });
  await buildImage({ layout: home.file('layout'), reference: 'app:2', layers });
  await buildImage({ layout: home.file('one'), reference: 'app:1', layers });
  await packOciArchive(home.file('one'), home.file('app.oci.tar'));
  await packDockerArchive(home.file('one'), home.file('app.docker.tar'));
}, 60_000);

describe('every way to name a target', () => {
  it.each([
    ['a lock file', 'app/package-lock.json', ['glob', 'ms', 'pump', 'tar']], ['a source directory', 'app', ['glob', 'ms', 'pump', 'tar']], ['dir:', 'dir:app', ['glob', 'ms', 'pump', 'tar']],
    ['a layout', 'one', ['ms', 'pump']], ['oci: with a reference', 'oci:layout:app:2', ['ms', 'pump']],
    ['an archive', 'app.oci.tar', ['ms', 'pump']], ['oci-archive:', 'oci-archive:app.oci.tar:app:1', ['ms', 'pump']], ['a docker archive', 'app.docker.tar', ['ms', 'pump']], ['docker-archive:', 'docker-archive:app.docker.tar', ['ms', 'pump']],
  ])('%s', async (_name, target, names) => {
    const ran = await home.plimsoll(['inventory', target, '--json']);
    expect(ran).toMatchObject({ code: 0, err: '' });
    expect((JSON.parse(ran.out) as { packages: { name: string }[] }).packages.map(({ name }) => name).sort()).toEqual(names);
  });

  it('standard input', async () => {
    const { code, out } = await home.plimsoll(['scan', '-', '--json'], { input: readFileSync(home.file('app.docker.tar')) });
    expect(code).toBe(0);
    expect((JSON.parse(out) as { findings: { id: string }[] }).findings.map(({ id }) => id)).toEqual(['CVE-2026-0003']);
  });
});

describe('what decides the exit code', () => {
  it.each([
    [0, []], [0, ['--severity', 'low']],
    [2, ['--fail-on', 'critical']], [2, ['--fail-on', 'medium']], [2, ['--fail-on', 'any']],
    // The critical one is not shown, so it is not counted.
    [0, ['--fail-on', 'critical', '--severity', 'medium,unknown']], [2, ['--fail-on', 'medium', '--severity', 'medium']],
    [0, ['--fail-on', 'medium', '--severity', 'medium', '--ignore-unfixed']],
    [7, ['--fail-on', 'any', '--exit-code', '7']], [0, ['--fail-on', 'any', '--exit-code', '0']],
    [2, ['--policy', 'default']], [0, ['--policy', 'lenient.yaml']], [2, ['--policy', 'strict.yaml']], [3, ['--policy', 'strict.yaml', '--exit-code', '3']],
  ])('%s for %j', async (code, words) => {
    const ran = await scan('app', ...words);
    expect({ code: ran.code, err: ran.code === 1 ? ran.err : '' }).toEqual({ code, err: '' });
  });

  it('a target without findings passes every threshold', async () => {
    expect(await scan('clean', '--fail-on', 'any', '--policy', 'default')).toMatchObject({ code: 0 });
  });

  it('a verdict that would deny says that nobody asked for it', async () => {
    expect((await scan('app')).err).toContain('--policy default');
    expect((await scan('app', '--policy', 'default')).err).toBe('');
  });
});

it('filters what is shown, and tells that it did', async () => {
  const report = reportOf(await scan('app', '--json', '--ignore-unfixed'));
  expect(report.findings.map(({ id, severity, fix_state }) => [id, severity, fix_state])).toEqual([['CVE-2026-0001', 'critical', 'available'], ['CVE-2026-0003', 'unknown', 'available']]);
  expect(report.summary.total).toBe(3);
  expect((await scan('app', '--severity', 'critical')).out).toMatch(/3 findings: .*; 1 shown/);
});

describe('a part that cannot be read', () => {
  beforeAll(() => {
    write('host/etc/os-release', 'ID=almalinux\nVERSION_ID="9.1"\nNAME="AlmaLinux"\n');
    write('host/var/lib/rpm/rpmdb.sqlite', 'this is no database');
    write('host/app/node_modules/ms/package.json', JSON.stringify({ name: 'ms', version: '2.1.3' }));
  });

  it.each([['scan'], ['scan', '--fail-on', 'critical'], ['scan', '--fail-on', 'any', '--exit-code', '0'], ['scan', '--policy', 'lenient.yaml'], ['inventory']])('exits 1 and says what: %s %s', async (command, ...words) => {
    const ran = await home.plimsoll([command, 'dir:host', ...words]);
    expect(ran.code).toBe(1);
    expect(ran.err).toMatch(/Partial: 1 part .*\n.*rpmdb-.* var\/lib\/rpm\/rpmdb\.sqlite/s);
    expect(ran.out).toContain('ms');
  });

  it('the report says it too, and stays valid', async () => {
    const ran = await scan('dir:host', '--json');
    const report = reportOf(ran), isReport = published('scan-report.schema.json');
    expect(isReport(report), JSON.stringify(isReport.errors)).toBe(true);
    expect({ code: ran.code, partial: report.partial, where: report.problems[0]?.where }).toEqual({ code: 1, partial: true, where: 'var/lib/rpm/rpmdb.sqlite' });
    const sarif = JSON.parse((await scan('dir:host', '--format', 'sarif')).out) as { runs: { invocations: { executionSuccessful: boolean }[] }[] };
    expect(sarif.runs[0]!.invocations[0]!.executionSuccessful).toBe(false);
  });
});

describe('targets that are refused by name', () => {
  beforeAll(() => {
    write('cut.tar', readFileSync(home.file('app.oci.tar')));
    truncateSync(home.file('cut.tar'), 2_000);
    write('cut.tar.gz', gzipSync(readFileSync(home.file('app.docker.tar'))).subarray(0, 600));
    write('notes.txt', 'nothing to see');
    // 1.3 GB of zeros in 1.3 MB: members of a gzip file may stand one after the other.
    const zeros = gzipSync(Buffer.alloc(64 << 20)), layer = Buffer.concat([gzipSync(tarHeader({ path: 'zeros', size: 20 * (64 << 20), flag: '0' })), ...Array.from({ length: 20 }, () => zeros)]);
    const layout = home.file('bomb'), { digest, size } = writeBlob(layout, layer);
    const config = writeBlob(layout, JSON.stringify({ os: 'linux', architecture: 'amd64', config: {}, rootfs: { type: 'layers', diff_ids: [digest] } }));
    addToIndex(layout, { mediaType: 'application/vnd.oci.image.manifest.v1+json', ...writeBlob(layout, JSON.stringify({
      schemaVersion: 2, mediaType: 'application/vnd.oci.image.manifest.v1+json', config: { mediaType: 'application/vnd.oci.image.config.v1+json', ...config },
      layers: [{ mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', digest, size }],
    })) });
  });

  it.each([
    ['cut.tar', 'archive-truncated', 'cut short'], ['cut.tar.gz', 'archive-corrupt|archive-truncated', 'ends early'], ['notes.txt', 'file-unknown', 'lock file'],
    ['./nothing', 'target-missing', 'does not exist'], ['dir:nothing', 'target-missing', 'does not exist'], ['layout', 'reference-needed', 'app:1, app:2'], ['layout:app:3', 'reference-missing', 'app:1, app:2'], ['127.0.0.1:1/nothing:1', 'registry-unavailable', 'taken for an image reference'],
  ])('%s: %s', async (target, code, words) => {
    const ran = await scan(target, '--fail-on', 'any', '--exit-code', '0');
    expect({ code: ran.code, out: ran.out }).toEqual({ code: 1, out: '' });
    expect(ran.err).toMatch(new RegExp(`\\((${code})\\)`));
    expect(ran.err).toContain(words);
    expect(ran.err).not.toContain('a bug');
  }, 60_000);
});

it('a bomb ends at the limit, by name, and is never clean', async () => {
  const ran = await scan('bomb', '--exit-code', '0');
  expect(ran.code).toBe(1);
  expect(ran.err).toContain('limit-ratio');
  expect(ran.out).not.toContain('No findings');
}, 60_000);

describe('a command line that is wrong', () => {
  it.each([
    [['scan'], 'scan needs TARGET'], [['scan', 'a', 'b'], '"b" is one word too many'], [['scan', 'app', '--colour'], "Unknown option '--colour'"], [['scan', 'app', '--fail-on'], 'argument missing'],
    [['scan', 'app', '--fail-on', 'dreadful'], 'choose from critical, high'], [['scan', 'app', '--severity', 'high,dreadful'], 'choose from critical, high'], [['scan', 'app', '--format', 'xml'], 'choose from table, json, sarif'],
    [['scan', 'app', '--exit-code', '300'], 'from 0 to 255'], [['scan', 'app', '--policy', 'none.yaml'], 'none.yaml cannot be read'], [['scan', 'app', '--db', 'none.db'], 'plimsoll db update'], [['scan', 'app', '-o', 'none/report'], 'cannot be written'],
    [['explain', 'CVE-2026-0001'], 'explain needs FINDING and TARGET'], [['db'], 'usage: plimsoll db'], [['db', 'burn'], 'choose from status, update, build, import'], [['scna', 'app'], 'no command "scna"'], [[], ''],
    [['images'], 'plimsoll login'],
  ])('%j', async (words, says) => {
    const ran = await home.plimsoll(words, { env: { PLIMSOLL_HOME: home.file('no-platform') } });
    expect(ran.code).toBe(1);
    expect(ran.err).toContain(says);
    expect(ran.err).not.toContain('a bug');
  });

  it('a policy that is none', async () => {
    write('broken.yaml', 'rules: 7');
    const ran = await scan('app', '--policy', 'broken.yaml');
    expect(ran).toMatchObject({ code: 1, out: '' });
    expect(ran.err).not.toContain('a bug');
  });

  it('--help of every command answers 0', async () => {
    const { out } = await home.plimsoll(['help']);
    const names = [...out.matchAll(/^ {2}([a-z-]+) +\S/gm)].map(([, name]) => name!);
    expect(names).toContain('scan');
    for (const name of names) expect(await home.plimsoll([name, '--help'])).toMatchObject({ code: 0, err: '', out: expect.stringContaining(`usage: plimsoll ${name}`) });
  });
});

describe('terminals and pipes', () => {
  it('a reader that leaves early is no error, and hides none', () => {
    expect(inShell('plimsoll inventory app --json | head -1', { cwd: home.path })).toMatchObject({ code: 0, out: '{\n', err: '' });
    // More than a pipe holds, so that the write meets a closed one.
    write('big/package-lock.json', lock(Object.fromEntries(Array.from({ length: 3_000 }, (_, i) => [`package-${i}`, '1.0.0']).concat([['tar', '6.0.0']]))));
    expect(inShell('plimsoll scan big --json | head -1', { cwd: home.path })).toMatchObject({ code: 0, out: '{\n', err: '' });
    expect(inShell('plimsoll scan big --json --fail-on any | head -1', { cwd: home.path })).toMatchObject({ code: 2, out: '{\n', err: '' });
  });

  it.skipIf(!hasTerminals)(`colours on a terminal only, and not where NO_COLOR says no${hasTerminals ? '' : ' (skipped: script(1) cannot open a terminal here)'}`, () => {
    const onTerminal = (env: Record<string, string>) => inShell(`script -qec "'$NODE' '$BIN' scan app" /dev/null`, { cwd: home.path, env: { TERM: 'xterm-256color', ...env } }).out;
    expect(onTerminal({})).toContain('\x1b[1m');
    expect(onTerminal({ NO_COLOR: '1' })).not.toMatch(/\x1b\[\d+m/);
    expect(inShell('plimsoll scan app', { cwd: home.path }).out).not.toContain('\x1b');
  });

  it('-o writes what a pipe would have got', async () => {
    expect(await scan('app', '-o', 'report.txt')).toMatchObject({ out: '' });
    expect(readFileSync(home.file('report.txt'), 'utf8')).toBe((await scan('app')).out);
    expect(await scan('app', '--json', '-o', 'report.json')).toMatchObject({ code: 0, out: '' });
    expect(JSON.parse(readFileSync(home.file('report.json'), 'utf8'))).toMatchObject({ version: 1, partial: false });
  });

  it('a name out of an image does not reach the terminal', async () => {
    write('hostile/package-lock.json', lock({ 'x\x1b]0;owned\x07\x1b[2J': '1\x9b31m' }));
    for (const words of [['inventory', 'hostile'], ['inventory', 'hostile', '--json'], ['scan', 'hostile', '--json']]) {
      const { code, out, err } = await home.plimsoll(words);
      // Such a name is no package's: it is told among the problems.
      expect({ code, told: (out + err).includes('owned') }).toEqual({ code: 1, told: true });
      // eslint-disable-next-line no-control-regex
      expect(out + err).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f]/);
    }
  });
});
