import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, realpathSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, expect, it } from 'vitest';
import { catalogSafely } from '../catalog-visitor.ts';
import { isElf } from '../elf.ts';
import { writeElf } from '../testing/write-elf.ts';
import { knownPrograms } from './known-programs.ts';

const entry = (path: string) => ({ path, type: 'file', size: 50_000, mode: 0o644, uid: 0, gid: 0, link: '' } as const);
const named = (path: string, bytes: Buffer): string[] => catalogSafely(knownPrograms, path, bytes)!.packages.map(({ type, name, version }) => `${type} ${name} ${version}`);
const program = (...texts: string[]): Buffer => writeElf([{ name: '.rodata', address: 0x400000, bytes: Buffer.from(`${'\0'.repeat(9000)}${texts.join('\0')}\0`, 'latin1') }]);

describe('known programs', () => {
  it.each<[string, string[], string]>([
    ['usr/local/bin/node', ['node.js/v18.17.1'], 'node 18.17.1'],
    ['usr/local/bin/python3.11', ['3.11.4'], 'python 3.11.4'],
    ['usr/local/lib/libpython3.13t.so.1.0', ['3.13.0rc2'], 'python 3.13.0rc2'],
    ['usr/local/lib/libpython3.9.so.1.0', ['3.1', '3.9.', '3.9.18+'], 'python 3.9.18'],
    ['usr/local/bin/perl5.38.0', ['This is perl 5, version 38, subversion 0 (%-p) built for x86_64-linux'], 'perl 5.38.0'],
    ['usr/local/lib/libruby.so.3.2', ['ruby - Copyright', 'ruby 3.2.2 (2023-03-30 revision e51014f9c0) [x86_64-linux]'], 'ruby 3.2.2'],
    ['usr/local/bin/php', ['X-Powered-By: PHP/8.2.12'], 'php 8.2.12'],
    ['usr/sbin/nginx', ['nginx version: nginx/1.25.3'], 'nginx 1.25.3'],
    ['usr/local/openresty/nginx/sbin/nginx', ['nginx version: openresty/1.21.4.3'], 'openresty 1.21.4.3'],
    ['usr/local/apache2/bin/httpd', ['Apache/2.4.58'], 'httpd 2.4.58'],
    ['usr/local/sbin/haproxy', ['HAProxy version %s %s', ' version 2.8.3-86e043a, released 2023/09/08'], 'haproxy 2.8.3'],
    ['usr/local/bin/memcached', ['memcached 1.6.21'], 'memcached 1.6.21'],
    ['usr/local/bin/redis-server', ['7.0.0', '7.2.12e6b4f1d2a3c4-1698962591000000000'], 'redis 7.2.12'],
    ['usr/local/bin/postgres', ['PostgreSQL 16.1 on x86_64-pc-linux-musl'], 'postgresql 16.1'],
    ['usr/sbin/mysqld', ['10.0', '10.11.5-MariaDB-1:10.11.5+maria~ubu2204'], 'mariadb 10.11.5'],
    ['bin/busybox', ['BusyBox v1.36.1 (2023-07-17 18:29:09 UTC)'], 'busybox 1.36.1'],
    ['opt/bash', ['@(#)Bash version 5.2.15(1) release GNU'], 'bash 5.2.15'],
    ['usr/local/lib/libcrypto.so.1.1', ['OpenSSL 1.1.1w  11 Sep 2023'], 'openssl 1.1.1w'],
    ['opt/libcrypto.so.3', ['OpenSSL PKCS#1', 'OpenSSL 3.0.11 19 Sep 2023'], 'openssl 3.0.11'],
    ['usr/local/lib/libcurl.so.4.8.0', ['libcurl/8.4.0'], 'curl 8.4.0'],
  ])('%s', (path, texts, expected) => {
    expect(knownPrograms.wants(path, entry(path))).toBe('head');
    expect(named(path, program(...texts))).toEqual([`generic ${expected}`]);
  });

  it.each(['usr/bin/nodejs-thing', 'usr/bin/python3-config', 'usr/lib/libpython3.so.py', 'srv/nginx.conf', 'usr/bin/bashbug'])('leaves %s alone', (path) => expect(knownPrograms.wants(path, entry(path))).toBe(false));
  it('says nothing of a program that has the name alone', () => expect(named('usr/bin/node', program('nodeish 1.2.3', 'node.js/vX'))).toEqual([]));
  it('finds a version across the borders of what is looked at in one go', () => {
    for (let shift = 0; shift < 140; shift += 7) {
      const far = '\0memcached: usage\0'.padEnd(256 * 1024 - shift, '.');
      expect(named('usr/bin/memcached', program(`${far}\0memcached 1.6.21`))).toEqual(['generic memcached 1.6.21']);
      expect(named('redis-server', program(`${'\0'.padEnd(256 * 1024 - 9000 - shift, '.')}\x007.2.31698962591000000000`))).toEqual(['generic redis 7.2.3']);
    }
  });

  /** What this machine has, against its own word. */
  const words: [string, string[], RegExp][] = [['node', ['--version'], /^v(\S+)/], ['perl', ['-e', 'printf "%vd", $^V'], /^(\S+)/], ['bash', ['--version'], /version (\d+\.\d+\.\d+)/], ['openssl', ['version'], /^OpenSSL (\S+)/], ['python3', ['--version'], /^Python (\S+)/], ['busybox', [], /^BusyBox v([\d.]+)/]];
  for (const [command, args, shape] of words) {
    const path = command === 'node' ? process.execPath : spawnSync('sh', ['-c', `command -v ${command}`], { encoding: 'utf8' }).stdout.trim(), real = path && realpathSync(path);
    // A stub that loads its library, or a script, says nothing.
    const found = real && isElf(readFileSync(real)) ? named(basename(real), readFileSync(real)) : [];
    it.skipIf(found.length === 0 && command !== 'node')(`${command} of this machine${found.length ? '' : ' (skipped: absent, or its version is in a library)'}`, () => {
      const version = shape.exec(execFileSync(path, args, { encoding: 'utf8' }))![1];
      expect(found[0]).toMatch(new RegExp(`^generic \\w+ ${version}`));
    });
  }
});
