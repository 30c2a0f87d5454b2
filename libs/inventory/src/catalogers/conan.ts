import type { FileCataloger, Found } from '../cataloger.ts';
import { fromReference } from '../lockfiles/conan-lock.ts';

/** Packages in the cache of Conan 1, whose folders are the reference: `.conan/data/NAME/VERSION/USER/CHANNEL/package/ID/conaninfo.txt`. */
export const conan: FileCataloger = {
  name: 'conan',
  version: 1,
  maxBytes: 4 * 1024 * 1024,
  wants: (path) => path.charCodeAt(path.length - 1) === 116 && path.endsWith('/conaninfo.txt') && path.split('/').at(-3) === 'package',
  catalog: ({ path }): Found => ({ packages: fromReference(path.split('/').slice(-7, -5).join('/')) }),
};
