import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { credentialFiles, dockerCredentials } from './credentials.ts';
import { parseHostPairs, registryAccess } from './open-registry.ts';
import { parseReference } from './references.ts';

const secret = (text: string) => Buffer.from(text).toString('base64');

describe('dockerCredentials', () => {
  let directory: string;
  const path = process.env['PATH'];
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'credentials-'));
    helper('test', 'read server; case $server in ghcr.io) echo \'{"Username":"u","Secret":"s"}\';; token.io) echo \'{"Username":"<token>","Secret":"refresh"}\';; broken.io) echo oops;; *) echo "credentials not found in native keychain"; exit 1;; esac');
    helper('angry', 'echo no; exit 2');
    process.env['PATH'] = `${directory}:${path}`;
  });
  afterAll(() => { process.env['PATH'] = path; rmSync(directory, { recursive: true }); });

  const helper = (name: string, script: string) => {
    writeFileSync(join(directory, `docker-credential-${name}`), `#!/bin/sh\n[ "$1" = get ] || exit 9\n${script}\n`);
    chmodSync(join(directory, `docker-credential-${name}`), 0o755);
  };
  let configs = 0;
  const config = (value: unknown): string => {
    const file = join(directory, `config-${++configs}.json`);
    writeFileSync(file, typeof value === 'string' ? value : JSON.stringify(value));
    return file;
  };

  it.each([
    ['a host', 'ghcr.io', 'a/b', { auths: { 'ghcr.io': { auth: secret('me:p:w') } } }, { username: 'me', password: 'p:w' }],
    ['an old form', 'ghcr.io', 'a/b', { auths: { 'https://ghcr.io/v2/': { auth: secret('me:pw') } } }, { username: 'me', password: 'pw' }],
    ['Docker Hub', 'docker.io', 'library/alpine', { auths: { 'https://index.docker.io/v1/': { auth: secret('me:pw') } } }, { username: 'me', password: 'pw' }],
    ['a namespace before its host', 'ghcr.io', 'a/b/c', { auths: { 'ghcr.io': { auth: secret('x:x') }, 'ghcr.io/a/b': { auth: secret('me:pw') } } }, { username: 'me', password: 'pw' }],
    ['an identity token', 'ghcr.io', 'a', { auths: { 'ghcr.io': { auth: secret('0:0'), identitytoken: 'refresh' } } }, { identityToken: 'refresh' }],
    ['a registry token', 'ghcr.io', 'a', { auths: { 'ghcr.io': { registrytoken: 'bearer' } } }, { registryToken: 'bearer' }],
    ['another host', 'ghcr.io.evil.example', 'a', { auths: { 'ghcr.io': { auth: secret('me:pw') } } }, undefined],
    ['a helper', 'ghcr.io', 'a', { credHelpers: { 'ghcr.io': 'test' } }, { username: 'u', password: 's' }],
    ['the store', 'token.io', 'a', { credsStore: 'test' }, { identityToken: 'refresh' }],
    ['a store that knows nothing, then the file', 'other.io', 'a', { credsStore: 'test', auths: { 'other.io': { auth: secret('me:pw') } } }, { username: 'me', password: 'pw' }],
  ])('are found by %s', async (_what, registry, repository, content, expected) => {
    expect(await dockerCredentials(registry, repository, config(content))).toEqual(expected);
  });

  it('are none without a file', async () => {
    expect(await dockerCredentials('ghcr.io', 'a', join(directory, 'nowhere'))).toBeUndefined();
  });

  it.each([
    ['docker-config-invalid', 'ghcr.io', '{"auths":{"ghcr.io":{"auth":"c2VjcmV0'],
    ['docker-config-invalid', 'ghcr.io', { credHelpers: { 'ghcr.io': '../../bin/sh' } }],
    ['credential-helper-failed', 'ghcr.io', { credsStore: 'missing' }],
    ['credential-helper-failed', 'ghcr.io', { credsStore: 'angry' }],
    ['credential-helper-failed', 'broken.io', { credsStore: 'test' }],
  ])('fail with %s', async (code, registry, content) => {
    const error: Error = await dockerCredentials(registry, 'a', config(content)).then(() => { throw new Error('found some'); }, (reason) => reason);
    expect(error).toMatchObject({ code });
    expect(error.message).not.toContain('c2VjcmV0');
  });
});

describe('where credentials are looked for', () => {
  const before = { ...process.env };
  let home: string;
  beforeAll(() => { home = mkdtempSync(join(tmpdir(), 'logins-')); });
  afterAll(() => { process.env = before; rmSync(home, { recursive: true }); });
  const put = (path: string, host: string, password: string): void => {
    mkdirSync(join(home, path, '..'), { recursive: true });
    writeFileSync(join(home, path), JSON.stringify({ auths: { [host]: { auth: secret(`u:${password}`) } } }));
  };
  const passwordFor = async (host: string): Promise<unknown> => (await registryAccess(parseReference(`${host}/x`))).endpoints[0]!.credentials;

  it('is Docker\'s file, then those of podman and skopeo; the one that is named, alone', async () => {
    process.env = { ...before, DOCKER_CONFIG: join(home, 'docker'), XDG_RUNTIME_DIR: join(home, 'run'), XDG_CONFIG_HOME: join(home, 'config'), REGISTRY_AUTH_FILE: '' };
    put('docker/config.json', 'a.example', 'docker');
    put('run/containers/auth.json', 'a.example', 'podman');
    put('config/containers/auth.json', 'b.example', 'skopeo');
    expect(await passwordFor('a.example')).toMatchObject({ password: 'docker' });
    expect(await passwordFor('b.example')).toMatchObject({ password: 'skopeo' });
    expect(await passwordFor('c.example')).toBeUndefined();
    process.env['REGISTRY_AUTH_FILE'] = join(home, 'run/containers/auth.json');
    expect(credentialFiles()).toEqual([join(home, 'run/containers/auth.json')]);
    expect(await passwordFor('a.example')).toMatchObject({ password: 'podman' });
    expect(await passwordFor('b.example')).toBeUndefined();
  });
});

describe('pairs of hosts', () => {
  it('are read as settings give them', () => {
    expect(parseHostPairs(['docker.io=a.example', 'docker.io=http://b:5000', 'quay.io=c'])).toEqual({ 'docker.io': ['a.example', 'http://b:5000'], 'quay.io': ['c'] });
    for (const word of ['docker.io', '=x', 'x=', 'a b=c']) expect(() => parseHostPairs([word])).toThrow(expect.objectContaining({ code: 'setting-invalid' }));
  });
});
