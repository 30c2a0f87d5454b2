import type { FileCataloger, Found } from '../cataloger.ts';
import { parseJsonFile, textOf } from '../json-file.ts';
import { distribution } from '../lockfiles/cpanfile-snapshot.ts';

/**
 * Perl distributions as cpanm and Carton leave word of them: `.meta/NAME-VERSION/install.json` (App::cpanminus, `save_meta`). What the CPAN shell
 * installs leaves `.packlist` alone, which tells no version.
 */
export const cpan: FileCataloger = {
  name: 'cpan',
  version: 1,
  maxBytes: 8 * 1024 * 1024,
  wants: (path) => path.charCodeAt(path.length - 1) === 110 && /(?:^|\/)\.meta\/[^/]+\/install\.json$/.test(path),
  catalog({ path, bytes }): Found {
    const json = parseJsonFile(bytes, 'cpan-install-invalid');
    const [found] = distribution(textOf(json['dist']) ?? path.split('/').at(-2)!);
    return found ? { packages: [found] } : { packages: [], problems: [{ code: 'cpan-install-invalid', detail: 'no distribution and version' }] };
  },
};
