import { baseName, type FileCataloger, type FoundSecret } from '../cataloger.ts';
import { isCredential } from '../checks/file-facts.ts';
import { isThirdParty } from '../third-party.ts';
import { findSecrets } from './find-secrets.ts';
import { mask, type Place } from './rule.ts';

const maxBytes = 4 * 1024 * 1024;

/**
 * Keys, tokens and passwords in text files of up to 4 MB. Not looked into: programs and other files with a NUL in their first 4096 bytes, pictures,
 * archives and what compilers make, code that a package manager put there (`isThirdParty`) unless its name says that it holds credentials.
 */
export const secretsInFiles: FileCataloger = {
  name: 'secrets',
  version: 3,
  maxBytes,
  wants(path, { size }) {
    if (size < 8 || size > maxBytes) return false;
    const name = baseName(path), dot = name.lastIndexOf('.');
    if (dot > 0 && (skipped.has(name.slice(dot + 1)) || name.endsWith('.d.ts'))) return false;
    return !isThirdParty(path) || isCredential(path, name) || name === '.npmrc' ? 'head' : false;
  },
  wantsHead: (head) => !head.includes(0),
  catalog({ path, bytes }) {
    const name = baseName(path), place = placeOf(name), secrets: FoundSecret[] = [];
    let line = 1, counted = 0;
    for (const { rule, start, value } of findSecrets(bytes, place)) {
      for (let at = bytes.indexOf(10, counted); at >= 0 && at < start; at = bytes.indexOf(10, at + 1)) { line++; counted = at + 1; }
      secrets.push({ rule: rule.rule, line, match: mask(value, rule.edge) });
    }
    if (name === '.pgpass') secrets.push(...passwordsOfPostgres(bytes.toString('utf8')));
    return secrets.length ? { packages: [], secrets } : undefined;
  },
};

/** libpq's password file: `host:port:database:user:password`, `*` for any. */
function passwordsOfPostgres(text: string): FoundSecret[] {
  return text.split('\n').flatMap((line, i) => (/^[^#:\s][^:]*:(?:\d+|\*):[^:]+:[^:]+:.{3,}$/.test(line) ? [{ rule: 'pgpass', line: i + 1, match: '…' }] : []));
}

const placeOf = (name: string): Place => ({ kind: settings.test(name) ? 'settings' : 'code' });
const settings = /^\.env|^\.?(?:[\w-]+)?rc$|^(?:credentials|config|environment|secrets?|passwords?)$|\.(?:env|ini|conf|cnf|cfg|config|properties|json|ya?ml|toml|tfvars|hcl|sh|bash|zsh|profile|service|envrc|netrc|credentials|secrets?|txt)$/i;

const skipped: ReadonlySet<string> = new Set(['so', 'a', 'o', 'pyc', 'pyo', 'mo', 'gz', 'xz', 'bz2', 'zst', 'zip', 'jar', 'war', 'whl', 'deb', 'rpm', 'apk', 'png', 'jpg', 'jpeg', 'gif', 'ico', 'svg', 'webp', 'woff', 'woff2', 'ttf', 'otf', 'eot', 'pdf', 'mp3', 'mp4', 'webm', 'map', 'css', 'scss', 'less', 'wasm', 'node', 'dll', 'exe', 'class', 'tar', 'tgz', 'h', 'hpp', 'po', 'pot', 'md', 'rst', 'list', 'md5sums', 'crt', 'cer', 'der', 'crl', 'sum', 'lock', 'csv', 'gem']);
