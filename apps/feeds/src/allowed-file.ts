import { realpathSync } from 'node:fs';
import { resolve, sep } from 'node:path';
import { Problem } from '@plimsoll/problem';

/** A file or directory inside the one that may be read from. Problems `feed-file-not-allowed`, `feed-missing`. */
export function allowedFile(root: string | undefined, file: string): string {
  if (!root) throw new Problem('denied', 'files are not read; name their directory in PLIMSOLL_FEEDS_FILES', { code: 'feed-file-not-allowed' });
  let path: string;
  try {
    path = realpathSync(resolve(root, file));
  } catch (cause) {
    throw new Problem('missing', `${file} is not in ${root}`, { code: 'feed-missing', cause });
  }
  const base = realpathSync(root);
  if (path !== base && !path.startsWith(base + sep)) throw new Problem('denied', `${file} is outside ${root}`, { code: 'feed-file-not-allowed' });
  return path;
}
