import { indexTarget, type Inventory, scanners } from '@plimsoll/inventory';
import { parseHostPairs, parseLimits, recogniseTarget, type RegistryOptions } from '@plimsoll/oci';
import { Problem } from '@plimsoll/problem';
import { wantedBases } from './bases-file.ts';
import type { Option, Parsed } from './command.ts';
import { plural, Progress } from './terminal.ts';

/** How registries are reached. */
export const registryOptions: Readonly<Record<string, Option>> = {
  mirror: { type: 'string', multiple: true, value: 'REGISTRY=HOST', what: 'a host asked before a registry, e.g. docker.io=mirror.example' },
  'plain-http': { type: 'string', multiple: true, value: 'HOST', what: 'a registry that may be spoken to without TLS' },
  'ca-file': { type: 'string', value: 'FILE', what: 'certificate authorities (PEM) to trust for registries, besides the system\'s' },
};

/** Options of every command that reads a target. */
export const targetOptions: Readonly<Record<string, Option>> = {
  platform: { type: 'string', value: 'OS/ARCH', what: 'which image of a multi-platform index, e.g. linux/arm64' },
  'no-verify': { type: 'boolean', what: 'docker-archive: read headers alone and take its digests on trust, several times as fast' },
  scanners: { type: 'string', value: 'LIST', what: 'what to look for besides packages: vuln, secret, config, license (default all)' },
  base: { type: 'string', multiple: true, value: 'IMAGE|FILE', what: 'a base image to tell apart, besides those of `plimsoll bases`' },
  files: { type: 'boolean', what: 'list every file too, with the layer it comes from (in JSON)' },
  ...registryOptions,
  limit: { type: 'string', multiple: true, value: 'NAME=VALUE', what: 'what the target may cost, see docs/limits.md' },
};

export const targetHelp = `TARGET is an image reference (registry.example/app:1.2), oci:DIR[:REF], oci-archive:FILE[:REF], docker-archive:FILE[:REF],
docker:REF, podman:REF, containerd:REF (an engine of this machine), dir:DIR (a root filesystem), or a path: an image archive,
an OCI layout, a directory, a lock file, a package database, an SBOM (CycloneDX or SPDX JSON).
Standard input is docker-archive:-`;

/** Reads everything inside a target, with progress on a terminal. */
export async function readTarget(text: string, parsed: Parsed): Promise<Inventory> {
  const progress = new Progress();
  progress.update(`Opening ${text} …`);
  const abort = new AbortController();
  const interrupt = (): void => abort.abort();
  process.once('SIGINT', interrupt);
  try {
    const platform = parsed.text('platform'), wanted = wantedScanners(parsed), bases = await wantedBases(parsed.texts('base'), { ...(platform ? { platform } : {}), registry: registryOptionsOf(parsed) });
    const inventory = await indexTarget(await recogniseTarget(text), {
      signal: abort.signal, ...(platform ? { platform } : {}), ...parseLimits(parsed.texts('limit')), ...(parsed.flag('no-verify') ? { verify: false } : {}), registry: registryOptionsOf(parsed),
      without: scanners.filter((one) => !wanted.has(one)), bases, files: parsed.flag('files'),
      onProgress: ({ layersDone, layersTotal, bytesDone, bytesTotal }) => progress.update(`Read ${layersDone} of ${plural(layersTotal, 'layer')}, ${megabytes(bytesDone)} of ${megabytes(bytesTotal)} MB  ${text}`),
    });
    return wanted.has('license') ? inventory : { ...inventory, packages: inventory.packages.map((one) => ({ ...one, licences: [] })) };
  } finally {
    process.off('SIGINT', interrupt);
    progress.done();
  }
}

/** How registries are reached, as the options say. */
export function registryOptionsOf(parsed: Parsed): RegistryOptions {
  const caFile = parsed.text('ca-file');
  return { mirrors: parseHostPairs(parsed.texts('mirror')), plainHttp: parsed.texts('plain-http'), ...(caFile ? { caFile } : {}) };
}

/** What --scanners names; everything when it is not given. */
export function wantedScanners(parsed: Parsed): ReadonlySet<string> {
  const known = ['vuln', ...scanners], named = parsed.text('scanners')?.toLowerCase().split(',').map((word) => word.trim()) ?? known;
  const other = named.find((word) => !known.includes(word));
  if (other !== undefined) throw new Problem('invalid', `--scanners ${other}: choose from ${known.join(', ')}`, { code: 'usage' });
  return new Set(named);
}

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(bytes < 1e8 ? 1 : 0);
