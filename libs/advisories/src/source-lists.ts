import { invalid, Problem } from '@plimsoll/problem';

/** Fetches a small text, or throws Problem `source-unreachable` or `source-answer`. */
export type Ask = (url: string) => Promise<string>;

/** Finds the files of a publication whose names are not known beforehand; the order is that in which they are read. */
export type ListFiles = (ask: Ask) => Promise<readonly string[]>;

const beside = (url: string, name: string): string => new URL(name, url).href;

/**
 * The notices of rpm repositories, by their `repomd.xml` (https://github.com/openSUSE/libzypp, "repomd"): `updateinfo`,
 * and `modules` where there are modules.
 */
export const rpmRepositories = (...repositories: readonly string[]): ListFiles => async (ask) =>
  (await Promise.all(repositories.map(async (repository) => noticesOf(repository, await ask(beside(repository, 'repodata/repomd.xml')))))).flat();

/**
 * Amazon's repositories are at the first address of a list. Of `extras` most never had a notice, and topics go: one that is
 * not there, or has none, adds nothing; that its publisher cannot be reached is a failure like any other.
 */
export const amazonRepositories = (lists: readonly string[], extras: readonly string[] = []): ListFiles => async (ask) => {
  const repositoryOf = async (list: string): Promise<string> => {
    const [first] = (await ask(list)).split('\n').map((one) => one.trim()).filter((one) => one !== '');
    if (first === undefined || !URL.canParse(first)) throw invalid('source-list', `${list} names no repository`);
    return first.replace(/\/?$/, '/');
  };
  const files = async (list: string): Promise<readonly string[]> => rpmRepositories(await repositoryOf(list))(ask);
  const ifThere = (list: string) => files(list).catch((error: unknown) => {
    if (error instanceof Problem && (error.code === 'source-answer' || error.code === 'source-list')) return [];
    throw error;
  });
  return (await Promise.all([...lists.map(files), ...extras.map(ifThere)])).flat();
};

function noticesOf(repository: string, repomd: string): string[] {
  const found = ['updateinfo', 'modules'].flatMap((type) => {
    const data = new RegExp(`<data type="${type}">[^]*?</data>`).exec(repomd)?.[0], href = /<location\s[^>]*href="([^"]+)"/.exec(data ?? '')?.[1];
    return href === undefined ? [] : [beside(repository, href)];
  });
  if (found.length === 0) throw invalid('source-list', `${repository} publishes no notices`);
  return found;
}

/** Documents that changed since the archive was packed, at most; more than that and the archive is not today's. */
const mostChanges = 20_000;

/**
 * A directory of CSAF documents (https://docs.oasis-open.org/csaf/csaf/v2.0/, 7.1.11 "changes.csv") with an archive of all
 * of them, named in `archive_latest.txt`: the archive, then what changed since the day in its name.
 */
export const csafDirectory = (directory: string): ListFiles => async (ask) => {
  const [archive, changes] = await Promise.all([ask(beside(directory, 'archive_latest.txt')), ask(beside(directory, 'changes.csv'))]);
  const name = archive.trim(), day = /(\d{4}-\d\d-\d\d)/.exec(name)?.[1];
  if (day === undefined || /[/\s]/.test(name)) throw invalid('source-list', `${directory}archive_latest.txt does not name an archive: ${name.slice(0, 100)}`);
  const changed = changes.split('\n').flatMap((line) => {
    const [, file, time] = /^"([^"]+\.json)","(\d{4}-\d\d-\d\dT[^"]+)"/.exec(line) ?? [];
    return file !== undefined && time! >= day && !file.includes('..') ? [beside(directory, file)] : [];
  });
  if (changed.length > mostChanges) throw invalid('source-list', `${changed.length} documents changed since ${day}, more than ${mostChanges}`);
  return [beside(directory, name), ...changed];
};

/** A directory whose `index.txt` names its files, one a line (CSAF 7.1.10). */
export const indexedFiles = (directory: string): ListFiles => async (ask) => {
  const files = (await ask(beside(directory, 'index.txt'))).split('\n').map((line) => line.trim()).filter((line) => /\.(?:json|xml)$/.test(line) && !/^\/|\.\.|:\/\//.test(line));
  if (files.length === 0 || files.length > mostChanges) throw invalid('source-list', `${directory}index.txt names ${files.length} files; from 1 to ${mostChanges} are fetched`);
  return files.map((file) => beside(directory, file));
};

/** Pages of an API that says how many records there are and takes `page` (from 1) and `size`. */
export const pages = (url: string, size: number): ListFiles => async (ask) => {
  const { total } = JSON.parse(await ask(`${url}?page=1&size=1`)) as { total?: unknown };
  if (typeof total !== 'number' || !(total > 0)) throw invalid('source-list', `${url} does not say how many records it has`);
  return Array.from({ length: Math.ceil(total / size) }, (_, index) => `${url}?page=${index + 1}&size=${size}`);
};
