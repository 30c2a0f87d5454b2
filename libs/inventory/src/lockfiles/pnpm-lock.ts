import { invalid } from '@plimsoll/problem';
import { parse } from 'yaml';
import type { FileCataloger, Found, FoundPackage } from '../cataloger.ts';
import { isRecord, textOf } from '../json-file.ts';
import { lockfile } from './lockfile.ts';

/** `pnpm-lock.yaml` 5 to 9: the keys of `packages` name every package with its version. */
export const pnpmLock: FileCataloger = lockfile('pnpm-lock', (name) => name === 'pnpm-lock.yaml', (bytes): Found => {
  let document: unknown;
  try {
    document = parse(bytes.toString('utf8'), { maxAliasCount: 0 });
  } catch (error) {
    throw invalid('pnpm-lock-invalid', (error as Error).message.slice(0, 200));
  }
  if (!isRecord(document)) throw invalid('pnpm-lock-invalid', 'no YAML mapping');
  const packages: FoundPackage[] = [];
  for (const [key, value] of Object.entries(isRecord(document['packages']) ? document['packages'] : {})) {
    const stated = isRecord(value) ? [textOf(value['name']), textOf(value['version'])] : [];
    // 5: /name/1.0.0_peers; 6: /name@1.0.0(peers); 9: name@1.0.0.
    const match = /^\/?((?:@[^/]+\/)?[^/@]+)[/@](\d[^(_]*)/.exec(key);
    const name = stated[0] ?? match?.[1], version = stated[1] ?? match?.[2];
    if (name && version) packages.push({ type: 'npm', name, version });
  }
  return { packages };
});
