import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readRegistryNews } from './registry-events.ts';

const digest = `sha256:${'a'.repeat(64)}`;
const manifest = 'application/vnd.oci.image.manifest.v1+json';
const event = (change: object = {}, target: object = {}): object => ({
  id: 'e1', action: 'push', target: { mediaType: manifest, digest, repository: 'team/app', tag: '1.2', ...target }, request: { host: 'registry.example:5000' }, ...change,
});
const harborData = { resources: [{ digest, tag: '1.2', resource_url: 'harbor.example:8443/team/app:1.2' }], repository: { name: 'app' } };

describe('readRegistryNews', () => {
  it('reads manifest pushes of Distribution and ignores the rest', () => {
    const news = readRegistryNews({ events: [
      event(), event({ action: 'pull' }), event({}, { mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip' }), event({ action: 'delete' }), 'nonsense',
      event({ id: 'e2' }, { tag: undefined, mediaType: 'application/vnd.docker.distribution.manifest.list.v2+json' }),
    ] });
    expect(news).toEqual({ ignored: 4, pushes: [
      { event: 'distribution e1', digest, target: `registry.example:5000/team/app:1.2@${digest}` },
      { event: 'distribution e2', digest, target: `registry.example:5000/team/app@${digest}` },
    ] });
  });

  it('reads Harbor pushes in both payloads, and tells the same event the same way twice', () => {
    const plain = { type: 'PUSH_ARTIFACT', occur_at: 1680501893, operator: 'x', event_data: harborData };
    const cloud = { specversion: '1.0', id: 'c1', source: '/projects/1/webhook/policies/1', type: 'harbor.artifact.pushed', datacontenttype: 'application/json', data: harborData };
    expect(readRegistryNews(plain).pushes).toEqual([{ event: `harbor 1680501893 ${digest} 1.2`, digest, target: `harbor.example:8443/team/app:1.2@${digest}` }]);
    expect(readRegistryNews(cloud).pushes).toEqual([{ event: `/projects/1/webhook/policies/1 c1 ${digest} 1.2`, digest, target: `harbor.example:8443/team/app:1.2@${digest}` }]);
    expect(readRegistryNews(plain)).toEqual(readRegistryNews(plain));
    expect(readRegistryNews({ ...cloud, type: 'harbor.artifact.pulled' })).toEqual({ pushes: [], ignored: 1 });
    expect(readRegistryNews({ ...plain, type: 'SCANNING_FAILED', event_data: null })).toEqual({ pushes: [], ignored: 1 });
  });

  it.each([
    ['something else', { hello: 1 }, 'webhook-unknown'], ['no object', null, 'webhook-unknown'], ['a list', [], 'webhook-unknown'],
    ['a push without a digest', { events: [event({}, { digest: 'sha256:x' })] }, 'webhook-malformed'],
    ['a push to nowhere', { events: [event({ request: undefined })] }, 'webhook-malformed'],
    ['a Harbor push without resources', { type: 'PUSH_ARTIFACT', occur_at: 1, event_data: {} }, 'webhook-malformed'],
    ['more events than are read', { events: Array(501).fill(event()) }, 'webhook-unknown'],
  ])('refuses %s', (_name, body, code) => { expect(() => readRegistryNews(body)).toThrow(expect.objectContaining({ kind: 'invalid', code })); });

  const samples = fileURLToPath(new URL('../../../../shared/oracles/harbor/', import.meta.url));
  const sample = (name: string): unknown => JSON.parse(readFileSync(`${samples}${name}`, 'utf8'));
  it.skipIf(!existsSync(samples))('reads what registries really send (skipped: ../shared/oracles absent)', () => {
    const pushed = 'sha256:954b378c375d852eb3c63ab88978f640b4348b01c1b3456a024a81536dafbbf4';
    expect(readRegistryNews(sample('harbor/webhook-payloads/artifact_pushed-default.json')).pushes.map(({ target }) => target)).toEqual([`localhost/harbor/alpine@${pushed}`]);
    for (const other of ['artifact_deleted', 'artifact_pulled', 'quota_exceeded', 'replication_status_changed', 'scanning_completed', 'tag_retention_finished'])
      expect(readRegistryNews(sample(`harbor/webhook-payloads/${other}-default.json`))).toEqual({ pushes: [], ignored: 1 });
    expect(readRegistryNews(sample('distribution/payloads/notification-0.json'))).toEqual({ pushes: [], ignored: 1 });
  });
});
