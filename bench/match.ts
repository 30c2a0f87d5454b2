import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildDatabase, type Content } from '@plimsoll/matching';
import { available, type Candidate, interleave, type Measured, table } from './interleaved.ts';
import { trivyDatabase } from './match-peers.ts';
import { syntheticAdvisories, syntheticPackages, syntheticSbom } from './synthetic-advisories.ts';

/** As many as the largest public databases hold. */
const advisoryCount = 300_000;
const sizes = [500, 5_000] as const;
/** How many images take turns while warm. */
const turns: Readonly<Record<number, number>> = { 500: 20, 5_000: 4 };

/**
 * Packages against 300,000 advisories, synthetic in the shapes and proportions of the real feeds: warm, in a process that stays,
 * and as a person meets it, an SBOM in and every detail out by a process that starts. Peers have the same advisories, and their
 * findings are compared with ours before anything is measured.
 */
export async function matchPackages({ root, rounds, cache: all }: { root: string; rounds: number; cache: string }): Promise<{ text: string; json: object }> {
  const cache = join(all, 'match'), database = join(cache, 'advisories.db');
  mkdirSync(cache, { recursive: true });
  await prepare(cache, database);
  const hasTrivy = available([{ label: 'trivy', command: '', needs: ['trivy'] }]).here.length > 0 && await trivyDatabase(() => syntheticAdvisories(advisoryCount), join(cache, 'trivy'));
  const warm = sizes.flatMap((size) => (['decisions', 'findings'] as const).map((what) => ({ size, what, ...warmRun(cache, database, size, what) })));
  const cold: Record<string, Measured[]> = {}, texts = [warmTable(warm)], notes: string[] = [];
  for (const size of sizes) {
    const { here, absent } = available(programs(root, cache, database, size, hasTrivy));
    notes.push(...compared(cache, size, here));
    cold[size] = await interleave(here, rounds, cache);
    texts.push(`An SBOM of ${size} packages in, findings with all details out, each a process that starts\n${table(cold[size]!)}`, ...absent.map((label) => `left out: ${label}`));
  }
  if (!hasTrivy) texts.push('left out: trivy (needs trivy on the PATH, and go to make its database)');
  const trivial = await interleave([{ label: 'plimsoll scan of one package', command: `${plimsoll(root)} scan ${join(cache, 'one.cdx.json')} --db ${database}` }], Math.max(rounds, 5), cache);
  texts.push(`From start to the last line\n${table(trivial)}`);
  return { text: [...texts, ...notes].join('\n\n'), json: { bench: 'match', node: process.version, rounds, advisories: advisoryCount, warm, cold, trivial } };
}

async function prepare(cache: string, database: string): Promise<void> {
  if (!existsSync(database)) {
    const contents = function* (): Generator<Content> { for (const advisory of syntheticAdvisories(advisoryCount)) yield { kind: 'advisory', advisory }; };
    await buildDatabase(contents(), database, () => ({ revision: 'bench', built: new Date().toISOString(), sources: [{ id: 'synthetic', advisories: advisoryCount, affected: 0, rejected: 0 }] }));
  }
  for (const size of sizes) {
    writeFileSync(sbomOf(cache, size), JSON.stringify(syntheticSbom(syntheticPackages(size, 7))));
    const images = Array.from({ length: turns[size]! }, (_, image) => syntheticPackages(size, 100 + image).map((one) => ({ ...one, purl: `pkg:${one.type}/${one.name}@${one.version}`, locations: [], licences: [] })));
    writeFileSync(join(cache, `images-${size}.json`), JSON.stringify({ os: { id: 'debian', name: 'Debian GNU/Linux', version_id: '12.5' }, images }));
  }
  writeFileSync(join(cache, 'one.cdx.json'), JSON.stringify(syntheticSbom(syntheticPackages(1, 7))));
}

const sbomOf = (cache: string, size: number): string => join(cache, `sbom-${size}.cdx.json`);
const plimsoll = (root: string): string => `${process.execPath} ${join(root, 'apps', 'cli', 'bin', 'plimsoll.mjs')}`;

interface Warm { readonly size: number; readonly what: string; readonly milliseconds: number; readonly found: number; readonly memory: number }

/** With a small young generation, as the services run. */
function warmRun(cache: string, database: string, size: number, what: string): Omit<Warm, 'size' | 'what'> {
  return JSON.parse(execFileSync(process.execPath, ['--max-semi-space-size=4', join(import.meta.dirname, 'match-warm.mjs'), database, join(cache, `images-${size}.json`), what], { encoding: 'utf8' })) as Omit<Warm, 'size' | 'what'>;
}

function warmTable(warm: readonly Warm[]): string {
  const lines = warm.map(({ size, what, milliseconds, found, memory }) => `${String(size).padStart(8)}  ${what.padEnd(10)}${milliseconds.toFixed(2).padStart(9)}${found.toFixed(0).padStart(10)}${(memory / 1e6).toFixed(0).padStart(8)}`);
  return [`Warm, against ${advisoryCount} advisories, images in turn (decisions: which advisories hold; findings: all details of each)`, 'packages  what         CPU ms     found  RSS MB', ...lines].join('\n');
}

/** One line is one program. */
function programs(root: string, cache: string, database: string, size: number, hasTrivy: boolean): (Candidate & { readonly out: string })[] {
  const sbom = sbomOf(cache, size), out = (name: string) => join(cache, `${name}-${size}.json`);
  return [
    ...hasTrivy ? [{ label: 'trivy sbom', needs: ['trivy'], out: out('trivy'), command: `trivy --cache-dir ${join(cache, 'trivy')} --quiet sbom --skip-db-update --skip-java-db-update --offline-scan --format json --output ${out('trivy')} ${sbom}` }] : [],
    { label: 'plimsoll match', out: out('match'), command: `${plimsoll(root)} match ${sbom} --db ${database} --json > ${out('match')}` },
    { label: 'plimsoll scan', out: out('scan'), command: `${plimsoll(root)} scan ${sbom} --db ${database} --json > ${out('scan')}` },
  ];
}

/** Runs each once and compares what it found with what the last one did. Throws when they differ. */
function compared(cache: string, size: number, here: readonly Candidate[]): string[] {
  const found = (here as ReturnType<typeof programs>).map(({ label, command, out }) => {
    execFileSync('bash', ['-c', command], { cwd: cache, stdio: ['ignore', 'ignore', 'inherit'] });
    return { label, pairs: pairsOf(JSON.parse(readFileSync(out, 'utf8'))) };
  });
  const own = found.at(-1)!;
  for (const { label, pairs } of found) {
    const differing = [...[...pairs].filter((pair) => !own.pairs.has(pair)), ...[...own.pairs].filter((pair) => !pairs.has(pair))];
    if (differing.length > 0) throw new Error(`${label} and ${own.label} differ in ${differing.length} findings of ${size} packages: ${differing.slice(0, 5).join(', ')}`);
  }
  return [`${size} packages: ${own.pairs.size} findings, the same by ${found.map(({ label }) => label).join(', ')}`];
}

/** `package CVE` of a report of ours or of trivy's. */
function pairsOf(report: { findings?: { id: string; package: { name: string } }[]; Results?: { Vulnerabilities?: { VulnerabilityID: string; PkgName: string }[] }[] }): Set<string> {
  return new Set(report.findings?.map(({ id, package: { name } }) => `${name} ${id}`)
    ?? report.Results?.flatMap(({ Vulnerabilities }) => Vulnerabilities ?? []).map(({ VulnerabilityID: id, PkgName: name }) => `${name} ${id}`));
}
