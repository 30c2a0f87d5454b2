import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { once } from 'node:events';
import type { Advisory, Affected } from '@plimsoll/advisories';

/** How trivy names the ecosystems of the synthetic advisories. */
const buckets: Readonly<Record<string, string>> = {
  Debian: 'debian', Ubuntu: 'ubuntu', AlmaLinux: 'alma', 'Rocky Linux': 'rocky', Alpine: 'alpine',
  npm: 'npm::Synthetic', PyPI: 'pip::Synthetic', Maven: 'maven::Synthetic', Go: 'go::Synthetic', 'crates.io': 'cargo::Synthetic',
};

/**
 * The same advisories as a database of trivy, schema 2, in `cache`; made by a Go program of this folder, because trivy's file is
 * bbolt's. False where there is no Go.
 */
export async function trivyDatabase(advisories: () => Iterable<Advisory>, cache: string): Promise<boolean> {
  const folder = join(cache, 'db');
  if (existsSync(join(folder, 'metadata.json'))) return true;
  const program = join(cache, 'trivy-database'), draft = join(cache, 'trivy.db.draft');
  mkdirSync(folder, { recursive: true });
  try {
    execFileSync('go', ['build', '-o', program, '.'], { cwd: join(import.meta.dirname, 'trivy-database'), stdio: ['ignore', 'ignore', 'pipe'] });
  } catch { return false; }
  rmSync(draft, { force: true });
  const writer = spawn(program, [draft], { stdio: ['pipe', 'inherit', 'inherit'] });
  const put = async (lines: string[]) => { if (!writer.stdin.write(lines.join(''))) await once(writer.stdin, 'drain'); };
  const names: string[] = Object.values(buckets).filter((name) => name.includes('::'));
  await put(names.map((name) => `data-source\t${name}\t${JSON.stringify({ ID: 'ghsa', Name: 'Synthetic', URL: 'https://example.org' })}\n`));
  let lines: string[] = [];
  for (const line of sorted(advisories())) {
    lines.push(line);
    if (lines.length >= 5_000) { await put(lines); lines = []; }
  }
  await put(lines);
  writer.stdin.end();
  const [code] = await once(writer, 'exit') as [number];
  if (code !== 0) throw new Error('the database of trivy could not be written');
  renameSync(draft, join(folder, 'trivy.db'));
  writeFileSync(join(folder, 'metadata.json'), JSON.stringify({ Version: 2, NextUpdate: '2099-01-01T00:00:00Z', UpdatedAt: '2026-11-01T00:00:00Z', DownloadedAt: '2026-11-01T00:00:00Z' }));
  return true;
}

function sorted(advisories: Iterable<Advisory>): string[] {
  const lines: string[] = [], details = JSON.stringify({
    Title: 'heap overflow in the parser of a package', Description: 'A crafted input allows remote attackers to execute code. '.repeat(8), Severity: 'CRITICAL', CweIDs: ['CWE-787'], VendorSeverity: { nvd: 4 },
    CVSS: { nvd: { V3Vector: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H', V3Score: 9.8 } }, References: ['https://example.org/a', 'https://example.org/b'], PublishedDate: '2024-01-01T00:00:00Z', LastModifiedDate: '2024-02-01T00:00:00Z',
  });
  for (const { id, affected } of advisories) {
    lines.push(`vulnerability\t${id}\t${details}\n`);
    for (const [place, all] of Map.groupBy(affected, ({ ecosystem, name }) => `${bucketOf(ecosystem)}\0${name}`)) lines.push(`${place}\t${id}\t${JSON.stringify(valueOf(all))}\n`);
  }
  return lines.sort();
}

function bucketOf(ecosystem: string): string {
  const [family = '', release] = ecosystem.split(':');
  return release === undefined ? buckets[family]! : `${buckets[family]!} ${release.replace(/^v/, '')}`;
}

/** One value a name and CVE: trivy's file has room for no more, so several entries of a registry become one with several ranges. */
function valueOf(all: readonly Affected[]): object {
  const ranges = all.map(({ ranges: [range] = [] }) => range ?? {});
  if (all[0]!.ecosystem.includes(':')) return { FixedVersion: ranges[0]!.fixed ?? '' };
  return {
    PatchedVersions: ranges.flatMap(({ fixed }) => fixed ?? []),
    VulnerableVersions: ranges.map(({ introduced, fixed }) => [...introduced === undefined ? [] : [`>=${introduced}`], ...fixed === undefined ? [] : [`<${fixed}`]].join(', ') || '>=0.0.0'),
  };
}
