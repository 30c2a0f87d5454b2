import { Problem } from '@plimsoll/problem';
import { describe, expect, it } from 'vitest';
import { codeOf } from './feeds.spec-helper.ts';
import { amazonRepositories, csafDirectory, indexedFiles, type ListFiles, pages, rpmRepositories } from './source-lists.ts';

/** A publisher who has these files and no others. */
const ask = (files: Record<string, string>) => async (url: string): Promise<string> => {
  const text = files[url];
  if (text === undefined) throw new Problem('unavailable', `${url} answered 404`, { code: 'source-answer' });
  return text;
};
const repomd = (...types: string[]) => `<repomd>${types.map((type) => `<data type="${type}"><checksum>x</checksum><location href="repodata/${type}.xml.gz"/></data>`).join('')}</repomd>`;
const vex = 'https://x/vex/';

describe('the files of a publication', () => {
  it.each<[string, ListFiles, Record<string, string>, string[]]>([
    ['rpm repositories', rpmRepositories('https://x/a/', 'https://x/b/'), { 'https://x/a/repodata/repomd.xml': repomd('primary', 'updateinfo', 'modules'), 'https://x/b/repodata/repomd.xml': repomd('updateinfo_zck', 'updateinfo') }, ['https://x/a/repodata/updateinfo.xml.gz', 'https://x/a/repodata/modules.xml.gz', 'https://x/b/repodata/updateinfo.xml.gz']],
    ["Amazon's repositories", amazonRepositories(['https://x/mirror.list'], ['https://x/docker', 'https://x/gone', 'https://x/quiet']), { 'https://x/mirror.list': 'https://cdn/2/abc\n', 'https://cdn/2/abc/repodata/repomd.xml': repomd('updateinfo'), 'https://x/docker': 'https://cdn/docker/', 'https://cdn/docker/repodata/repomd.xml': repomd('updateinfo'), 'https://x/quiet': 'https://cdn/quiet/', 'https://cdn/quiet/repodata/repomd.xml': repomd('primary') }, ['https://cdn/2/abc/repodata/updateinfo.xml.gz', 'https://cdn/docker/repodata/updateinfo.xml.gz']],
    ['a directory of CSAF', csafDirectory(vex), { [`${vex}archive_latest.txt`]: 'vex_2026-01-02.tar.zst\n', [`${vex}changes.csv`]: '"2026/c.json","2026-01-03T00:00:00+00:00"\n"2026/b.json","2026-01-02T01:00:00+00:00"\n"2025/a.json","2026-01-01T00:00:00+00:00"\n"../../etc/x.json","2026-01-03T00:00:00+00:00"\n' }, [`${vex}vex_2026-01-02.tar.zst`, `${vex}2026/c.json`, `${vex}2026/b.json`]],
    ['a directory with an index', indexedFiles('https://x/cvrf/'), { 'https://x/cvrf/index.txt': '2026/a.xml\r\n2026/b.xml\n/etc/passwd.xml\nhttps://y/c.xml\nREADME\n' }, ['https://x/cvrf/2026/a.xml', 'https://x/cvrf/2026/b.xml']],
    ['pages', pages('https://x/api/', 100), { 'https://x/api/?page=1&size=1': '{"total": 201, "advisories": []}' }, [1, 2, 3].map((page) => `https://x/api/?page=${page}&size=100`)],
  ])('of %s', async (_, list, files, expected) => {
    expect(await list(ask(files))).toEqual(expected);
  });
  it.each<[string, ListFiles, Record<string, string>, string]>([
    ['a repository without notices', rpmRepositories('https://x/'), { 'https://x/repodata/repomd.xml': repomd('primary') }, 'source-list'], ['a repository that is gone', rpmRepositories('https://x/'), {}, 'source-answer'],
    ['a list of repositories that is a page', amazonRepositories(['https://x/mirror.list']), { 'https://x/mirror.list': '<html>' }, 'source-list'], ['an archive without a day', csafDirectory(vex), { [`${vex}archive_latest.txt`]: 'latest.tar.zst', [`${vex}changes.csv`]: '' }, 'source-list'],
    ['an archive that is nowhere', csafDirectory(vex), { [`${vex}archive_latest.txt`]: '../2026-01-01/x y', [`${vex}changes.csv`]: '' }, 'source-list'], ['an empty index', indexedFiles('https://x/'), { 'https://x/index.txt': '\n' }, 'source-list'], ['no pages', pages('https://x/', 9), { 'https://x/?page=1&size=1': '{"total": 0}' }, 'source-list'],
  ])('are not guessed: %s', async (_, list, files, code) => {
    expect(await codeOf(list(ask(files)))).toBe(code);
  });
});
