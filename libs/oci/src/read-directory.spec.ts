import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Entry, Visitor } from './entry.ts';
import type { ReadLimits } from './limits.ts';
import { readDirectory } from './read-directory.ts';

let root: string;
beforeEach(() => { root = mkdtempSync(join(tmpdir(), 'root-')); });
afterEach(() => { rmSync(root, { recursive: true, force: true }); });

const put = (path: string, content = '') => { mkdirSync(dirname(join(root, path)), { recursive: true }); writeFileSync(join(root, path), content); };

async function read(limits: Partial<ReadLimits> = {}, visitor: Partial<Visitor> = {}) {
  const files: Record<string, string> = {}, seen: string[] = [];
  const reading = await readDirectory(root, {
    wants: () => true, file: (entry, bytes) => { files[entry.path] = bytes.toString(); }, entry: ({ path, type }) => { seen.push(`${type} ${path}`); }, ...visitor,
  }, limits);
  return { ...reading, files, seen };
}

describe('readDirectory', () => {
  it('walks in order and hands over what is wanted', async () => {
    put('etc/os-release', 'ID=debian');
    put('a', '');
    put('usr/bin/x', 'x');
    symlinkSync('/etc/passwd', join(root, 'link'));
    expect(await read()).toEqual({
      entries: 7, problems: [],
      seen: ['file a', 'directory etc', 'symlink link', 'directory usr', 'file etc/os-release', 'directory usr/bin', 'file usr/bin/x'],
      files: { 'a': '', 'etc/os-release': 'ID=debian', 'usr/bin/x': 'x' },
    });
  });

  it('follows no symlink, out of the root or in circles', async () => {
    mkdirSync(join(root, 'a'));
    symlinkSync('..', join(root, 'a', 'up'));
    symlinkSync('/', join(root, 'outside'));
    symlinkSync('self', join(root, 'self'));
    const links: Entry[] = [];
    expect((await read({}, { entry: (entry) => { if (entry.type === 'symlink') links.push(entry); } })).files).toEqual({});
    expect(links.map(({ path, link }) => `${path} -> ${link}`)).toEqual(['outside -> /', 'self -> self', 'a/up -> ..']);
  });

  it('leaves proc, sys and dev of the root alone, and no others', async () => {
    for (const name of ['proc', 'sys', 'dev']) { put(`${name}/file`, 'no'); put(`srv/${name}/file`, 'yes'); }
    expect(Object.keys((await read()).files)).toEqual(['srv/dev/file', 'srv/proc/file', 'srv/sys/file']);
  });

  it('never opens a FIFO', async () => {
    execFileSync('mkfifo', [join(root, 'pipe')]);
    expect(await read()).toMatchObject({ seen: ['fifo pipe'], files: {}, problems: [] });
  });

  it.skipIf(process.getuid?.() === 0)('names what may not be read (skipped: root may read everything)', async () => {
    put('secret', 'x');
    chmodSync(join(root, 'secret'), 0);
    mkdirSync(join(root, 'closed'), { mode: 0 });
    expect((await read()).problems).toMatchObject([{ code: 'unreadable', where: 'secret' }, { code: 'unreadable', where: 'closed' }]);
    chmodSync(join(root, 'closed'), 0o700);
  });

  it('shows heads first', async () => {
    put('elf', `\x7fELF${'x'.repeat(9000)}`);
    put('script', '#!/bin/sh');
    const heads: number[] = [];
    const { files } = await read({}, { wants: () => 'head', wantsAfterHead: (_entry, head) => { heads.push(head.length); return head.toString('latin1', 0, 4) === '\x7fELF'; } });
    expect(Object.keys(files)).toEqual(['elf']);
    expect(heads).toEqual([4096, 9]);
  });

  it('stops at its limits', async () => {
    for (let i = 0; i < 10; i++) put(`d${i}/file`, 'x'.repeat(i * 100));
    put(`${'deep/'.repeat(20)}end`, 'x');
    await expect(read({ entries: 5 })).rejects.toMatchObject({ code: 'limit-entries' });
    await expect(read({ seconds: 0 })).rejects.toMatchObject({ code: 'limit-seconds' });
    expect((await read({ depth: 10 })).problems).toMatchObject([{ code: 'limit-depth', where: 'deep/'.repeat(11).slice(0, -1) }]);
    expect((await read({ fileBytes: 800 })).problems).toMatchObject([{ code: 'limit-file-bytes', where: 'd9/file' }]);
    expect((await read({ capturedBytes: 100 })).problems.every(({ code }) => code === 'limit-captured-bytes')).toBe(true);
    expect((await read({ nameBytes: 20 })).problems).toMatchObject([{ code: 'limit-name' }]);
  });

  it('needs a directory', async () => {
    put('file');
    await expect(readDirectory(join(root, 'nowhere'), { wants: () => true, file() {} })).rejects.toMatchObject({ code: 'target-missing' });
    await expect(readDirectory(join(root, 'file'), { wants: () => true, file() {} })).rejects.toMatchObject({ code: 'not-a-directory' });
  });
});
