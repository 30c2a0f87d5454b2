import type { FileCataloger, Found } from '../cataloger.ts';
import { isRecord, parseJsonFile, textOf } from '../json-file.ts';
import { licencesOf } from './npm.ts';

/** What Composer installed: `vendor/composer/installed.json`, a list (1.x) or an object with a list (2.x). */
export const composerInstalled: FileCataloger = {
  name: 'composer-installed',
  version: 1,
  maxBytes: 64 * 1024 * 1024,
  wants: (path) => path.charCodeAt(path.length - 1) === 110 && path.endsWith('composer/installed.json'),
  catalog({ bytes }): Found {
    const json = parseJsonFile(bytes, 'composer-installed-invalid');
    const list = Array.isArray(json) ? json : json['packages'];
    if (!Array.isArray(list)) return { packages: [], problems: [{ code: 'composer-installed-invalid', detail: 'no list of packages' }] };
    return { packages: list.filter(isRecord).map(fromComposer).filter((one) => one.name !== '') };
  },
};

/** One package as installed.json and composer.lock write it. */
export function fromComposer(json: Record<string, unknown>): Found['packages'][number] {
  const licences = licencesOf(json);
  return { type: 'composer', name: textOf(json['name'])?.toLowerCase() ?? '', version: textOf(json['version']) ?? '', ...(licences.length && { licences }) };
}
