import { baseName, type Found, type PartsCataloger } from '../cataloger.ts';
import { isElf } from '../elf.ts';
import { type Reading, search, slices } from '../partial-reading.ts';

/**
 * A program that tells its own version: how its file is named, and a text of its own with the version in it. Where the text has a beginning that is
 * always the same, that is the `mark`: the file is searched for it, which costs nothing; without one all of it is looked through.
 */
interface Program { readonly name: string; readonly file: RegExp; readonly mark?: (file: RegExpExecArray) => string; readonly version: RegExp }

const program = (name: string, file: RegExp, mark: string | ((file: RegExpExecArray) => string) | undefined, version: RegExp): Program =>
  ({ name, file, version, ...(mark !== undefined && { mark: typeof mark === 'string' ? () => mark : mark }) });

/** Programs that people copy into images or compile there, so that no package manager knows of them. To add one: one line. */
const programs: readonly Program[] = [
  program('node', /^node(?:js)?$/, 'node.js/v', /^node\.js\/v(\d+\.\d+\.\d+)/),
  program('python', /^(?:lib)?python(\d\.\d+)(?:[dmut]*|[dmut]*\.so[.\d]*)$/, ([, release]) => `\0${release}.`, /^\0(\d+\.\d+\.\d+(?:(?:a|b|rc)\d+)?)\+?\0/),
  program('perl', /^perl(?:5[.\d]*)?$/, 'This is perl ', /^This is perl (5), version (\d+), subversion (\d+)/),
  program('ruby', /^(?:ruby(?:\d[.\d]*)?|libruby(?:-\d[.\d]*)?\.so[.\d]*)$/, '\0ruby ', /^\0ruby (\d+\.\d+\.\d+)(?:p\d+)? \(/),
  program('php', /^(?:php|php-fpm|php-cgi)(?:\d[.\d]*)?$|^libphp\d?\.so$/, 'X-Powered-By: PHP/', /^X-Powered-By: PHP\/(\d+\.\d+\.\d+(?:(?:alpha|beta|RC)\d+)?)/),
  program('nginx', /^nginx(?:-debug)?$|^openresty$/, 'nginx version: ', /^nginx version: (?<name>nginx|openresty)\/(\d+(?:\.\d+)+)/),
  program('httpd', /^(?:httpd|apache2)$/, '\0Apache/', /^\0Apache\/(\d+\.\d+\.\d+)/),
  program('haproxy', /^haproxy$/, ' version ', /^ version (\d+\.\d+(?:\.\d+|-dev\d+|-rc\d+))\S*, released 20/),
  program('lighttpd', /^lighttpd$/, '\0lighttpd/', /^\0lighttpd\/(\d+\.\d+\.\d+)/),
  program('memcached', /^memcached$/, '\0memcached ', /^\0memcached (\d+\.\d+\.\d+)/),
  // Version, host and second of the build, whether the tree was changed, its commit, without anything between (redis/src/release.c). Builders of Docker have hosts of twelve digits.
  program('redis', /^redis-server$/, undefined, /[^\d.](\d+\.\d+\.\d+)(?:[0-9a-f]{12}-|buildkitsandbox-)?1\d{9}[01][0-9a-f]{8}\0/),
  program('postgresql', /^postgres$/, '\0PostgreSQL ', /^\0PostgreSQL (\d+(?:\.\d+)+|\d+(?:alpha|beta|rc)\d+)[ \0]/),
  program('mariadb', /^(?:mariadbd|mysqld)$/, '\x001', /^\0(1\d\.\d+\.\d+)-MariaDB/),
  program('busybox', /^busybox(?:\.\w+)?$/, 'BusyBox v', /^BusyBox v(\d+\.\d+\.\d+)/),
  program('bash', /^bash$/, '@(#)Bash version ', /^@\(#\)Bash version (\d+\.\d+(?:\.\d+)?)/),
  program('openssl', /^(?:openssl|libcrypto(?:-\w+)?\.so[.\w]*)$/, '\0OpenSSL ', /^\0OpenSSL (\d+\.\d+\.\d+[a-z]{0,2}(?:-(?:alpha|beta|rc|pre)\d+)?)(?:-fips)? {1,2}\d/),
  program('curl', /^(?:curl|libcurl(?:-\w+)?\.so[.\d]*)$/, 'curl/', /^curl\/(\d+\.\d+\.\d+)/),
];

const fileNames = new RegExp(programs.map(({ file }) => file.source).join('|'));

/**
 * Known programs by a text inside them, where their file has its usual name. Such a file of an operating-system package is that package, and is not
 * listed again (`contentsOf`).
 */
export const knownPrograms: PartsCataloger = {
  name: 'known-programs',
  version: 1,
  wants: (path, { size }) => (size > 4096 && fileNames.test(baseName(path)) ? 'head' : false),
  wantsHead: isElf,
  *read(size, path): Reading<Found> {
    for (const one of programs) {
      const file = one.file.exec(baseName(path)), match = file && (yield* one.mark ? marked(one.version, one.mark(file), size) : anywhere(one.version, size));
      if (match) return { packages: [{ type: 'generic', name: match.groups?.['name'] ?? one.name, version: match.slice(match.groups ? 2 : 1).join('.') }] };
    }
    return { packages: [] };
  },
};

/** So much is looked at in one go; a text of interest is shorter than `longest`. */
const step = 256 * 1024, longest = 128;

/** The version behind a mark. What was kept behind one is looked through for further ones: it has passed already. */
function* marked(version: RegExp, mark: string, size: number): Reading<RegExpExecArray | undefined> {
  const bytes = Buffer.from(mark, 'latin1');
  for (let from = 0, place; (place = yield* search({ mark: bytes, from, to: size, keep: step }));) {
    from = place.offset + place.bytes.length;
    const [more] = (yield* slices({ offset: from, size: longest })) as [Buffer];
    const text = Buffer.concat([place.bytes, more]);
    for (let at = 0; at >= 0 && at < place.bytes.length; at = text.indexOf(bytes, at + 1)) {
      const match = version.exec(text.toString('latin1', at, at + longest));
      if (match) return match;
    }
    from += more.length;
  }
  return undefined;
}

function* anywhere(version: RegExp, size: number): Reading<RegExpExecArray | undefined> {
  let last = '';
  for (let offset = 0; offset < size; offset += step) {
    const [bytes] = (yield* slices({ offset, size: step })) as [Buffer];
    const text = last + bytes.toString('latin1'), match = version.exec(text);
    if (match) return match;
    last = text.slice(-longest);
  }
  return undefined;
}
