import type { FileCataloger, Found } from '../cataloger.ts';
import { fromComposer } from '../catalogers/composer-installed.ts';
import { isRecord, parseJsonFile } from '../json-file.ts';
import { lockfile } from './lockfile.ts';

/** `composer.lock`: `packages` and `packages-dev`. */
export const composerLock: FileCataloger = lockfile('composer-lock', (name) => name === 'composer.lock', (bytes): Found => {
  const json = parseJsonFile(bytes, 'composer-lock-invalid');
  return { packages: [json['packages'], json['packages-dev']].flat().filter(isRecord).map(fromComposer).filter((one) => one.name !== '') };
});
