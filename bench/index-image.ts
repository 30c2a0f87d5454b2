import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { available, type Candidate, interleave, type Measured, table } from './interleaved.ts';
import { largeImage } from './large-image.ts';

/**
 * What a person waits for: everything inside an image, as a file, by the programs as they ship. Cold caches of their own, the
 * same image, no network. A large image in three forms, and a real one of seven layers.
 */
export async function indexImage({ root, rounds, cache }: { root: string; rounds: number; cache: string }): Promise<{ text: string; json: object }> {
  const image = await largeImage(join(cache, 'large-image'), join(root, 'node_modules'));
  const forms: [string, Candidate[]][] = [
    [`a large image, gzip (4 layers, ${(image.bytes / 1e6).toFixed(0)} MB of files)`, programs(root, cache, { layout: image.gzip, trivy: image.gzip, peer: `oci-dir:${image.gzip}` })],
    ['the same, zstd', programs(root, cache, { layout: image.zstd, trivy: image.zstd, peer: `oci-dir:${image.zstd}` })],
    ['the same, docker-archive', programs(root, cache, { archive: image.dockerArchive, trivy: image.dockerArchive, peer: `docker-archive:${image.dockerArchive}` })],
  ];
  for (const { title, ...image } of realImages(root, cache)) forms.push([title, programs(root, cache, image)]);
  const texts: string[] = [], json: Record<string, Measured[]> = {};
  for (const [title, candidates] of forms) {
    const { here, absent } = available(candidates);
    json[title] = await interleave(here, rounds, cache);
    texts.push([`Indexing ${title}`, table(json[title]), ...absent.map((label) => `left out: ${label}`)].join('\n'));
  }
  if (forms.length === 3) texts.push('left out: the real images (../shared/data is not there)');
  return { text: texts.join('\n\n'), json: { bench: 'index-image', node: process.version, rounds, forms: json } };
}

interface Forms { readonly layout?: string; readonly archive?: string; readonly trivy: string; readonly peer: string | undefined }

/** One line is one program. */
function programs(root: string, cache: string, { layout, archive, trivy, peer }: Forms): Candidate[] {
  const out = join(cache, 'inventory.out'), trivyCache = emptyJavaDatabase(join(cache, 'trivy-cache'));
  const plimsoll = (options = '') => `${process.execPath} ${join(root, 'apps', 'cli', 'bin', 'plimsoll.mjs')} inventory ${layout ? `oci:${layout}` : `docker-archive:${archive}`} --json${options} > ${out}`;
  return [
    { label: 'trivy', needs: ['trivy'], setup: `rm -rf ${trivyCache}/fanal`, command: `trivy --cache-dir ${trivyCache} --quiet image --offline-scan --skip-db-update --skip-java-db-update --format cyclonedx --output ${out} --input ${trivy}` },
    ...(peer ? [
      { label: 'syft', needs: ['syft'], command: `SYFT_CHECK_FOR_APP_UPDATE=false syft scan ${peer} -q -o cyclonedx-json=${out}` },
      { label: 'osv-scanner', needs: ['osv-scanner'], command: archive ? `osv-scanner scan image --offline --archive ${archive} --format json > ${out} 2>/dev/null || true` : 'true' },
    ].filter(({ label }) => label !== 'osv-scanner' || archive) : []),
    { label: 'plimsoll', command: plimsoll() },
    ...(archive ? [{ label: 'plimsoll --no-verify', command: plimsoll(' --no-verify') }] : []),
  ];
}

/** Trivy downloads a database of jar hashes before it reads a jar; an empty one costs it nothing and needs no network. */
function emptyJavaDatabase(trivyCache: string): string {
  const folder = join(trivyCache, 'java-db');
  if (!existsSync(join(folder, 'metadata.json'))) {
    mkdirSync(folder, { recursive: true });
    const database = new DatabaseSync(join(folder, 'trivy-java.db'));
    database.exec('create table artifacts (id integer primary key, group_id text, artifact_id text); create table indices (artifact_id integer, version text, sha1 blob, archive_type text)');
    database.close();
    writeFileSync(join(folder, 'metadata.json'), JSON.stringify({ Version: 1, NextUpdate: '2099-01-01T00:00:00Z', UpdatedAt: '2026-01-01T00:00:00Z', DownloadedAt: '2026-01-01T00:00:00Z' }));
  }
  return trivyCache;
}

interface RealImage extends Forms { readonly title: string }

/** Real images of the shared data as layouts, which every program can read; none where the data is not. Trivy takes a layout with one image. */
function realImages(root: string, cache: string): RealImage[] {
  const shared = join(root, '..', 'shared', 'data', 'images');
  if (!existsSync(shared)) return [];
  const one = (title: string, archive: string, reference: string): RealImage => {
    const layout = join(cache, 'real', reference.replace(/[^a-z0-9.]+/g, '-'));
    if (!existsSync(join(layout, 'index.json'))) {
      mkdirSync(layout, { recursive: true });
      execFileSync('tar', ['xf', join(shared, archive), '-C', layout]);
      const index = JSON.parse(readFileSync(join(layout, 'index.json'), 'utf8')) as { manifests: { annotations?: Record<string, string> }[] };
      writeFileSync(join(layout, 'index.json'), JSON.stringify({ ...index, manifests: index.manifests.filter(({ annotations }) => annotations?.['org.opencontainers.image.ref.name'] === reference) }));
    }
    return { title, layout, trivy: layout, peer: `oci-dir:${layout}` };
  };
  return [
    one('a Debian and node image, acme/storefront:1.4.2 (7 layers)', 'debian11-and-acme-storefront.oci.tar', 'acme/storefront:1.4.2'),
    one('an rpm image, almalinux:9.1-micro', 'misc-7-images.oci.tar', 'almalinux:9.1-micro'),
    { title: 'an Alpine image, alpine:3.15.0 (docker-archive, gzip)', archive: join(shared, 'alpine-3.15.0.docker-archive.tar.gz'), trivy: join(shared, 'alpine-3.15.0.docker-archive.tar.gz'), peer: undefined },
  ];
}
