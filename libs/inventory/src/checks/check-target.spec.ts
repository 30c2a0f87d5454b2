import { mkdtempSync, rmSync, mkdirSync, writeFileSync, chmodSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { buildImage, type ImagePlan, type LayerPlan, type TarSource } from '@plimsoll/oci/testing';
import { afterAll, describe, expect, it } from 'vitest';
import { indexTarget } from '../index-image.ts';
import { type Inventory, Inventory as InventorySchema } from '../model.ts';
import { checks } from './check-target.ts';

const scratch = mkdtempSync(join(tmpdir(), 'checks-'));
afterAll(() => rmSync(scratch, { recursive: true }));

let built = 0;
async function inventoryOf(layers: readonly LayerPlan[], config: ImagePlan['config'] = {}): Promise<Inventory> {
  const layout = join(scratch, `image-${built++}`);
  await buildImage({ layout, layers, config });
  return InventorySchema.parse(await indexTarget({ kind: 'oci-layout', path: layout, reference: undefined }));
}

const good = { User: '1000', Healthcheck: { Test: ['CMD', 'true'] }, Labels: { 'org.opencontainers.image.source': 'https://git.example/a', 'org.opencontainers.image.revision': 'abc' } };
const accountFiles: TarSource[] = [{ path: 'etc/passwd', content: 'root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000::/:/bin/sh\n' }, { path: 'etc/group', content: 'root:x:0:\napp:x:1000:\n' }, { path: 'etc/shadow', content: 'root:*:1::::::\napp:!:1::::::\n' }];
const ids = ({ configuration: { findings } }: Inventory): string[] => findings.map(({ id }) => id);
const evidence = ({ configuration: { findings } }: Inventory, id: string): string[] => findings.find((one) => one.id === id)?.evidence.map(({ what }) => what) ?? [];

it('an image that does everything right has no finding', async () => {
  expect(ids(await inventoryOf([{ entries: accountFiles, createdBy: 'ADD rootfs.tar.gz / # buildkit' }, { entries: [{ path: 'app/run', content: '#!/bin/sh\n', mode: 0o755 }], createdBy: 'RUN /bin/sh -c apt-get update && apt-get install -y curl && rm -rf /var/lib/apt/lists/* # buildkit' }], good))).toEqual([]);
});

describe('each wrong thing is found by its own check alone', () => {
  const file = (path: string, more: Partial<TarSource> = {}): LayerPlan => ({ entries: [{ path, content: 'x'.repeat(10), ...more }] });
  it.each<[id: string, seen: RegExp, layer: LayerPlan, config?: object]>([
    ['CIS-DI-0001', /no USER/, {}, { User: '' }], ['CIS-DI-0001', /USER 0:0/, {}, { User: '0:0' }], ['CIS-DI-0001', /USER root/, {}, { User: 'root' }],
    ['CIS-DI-0006', /no HEALTHCHECK/, {}, { Healthcheck: undefined }], ['CIS-DI-0006', /NONE/, {}, { Healthcheck: { Test: ['NONE'] } }],
    ['CIS-DI-0007', /step 2: RUN apt-get update$/, { createdBy: '/bin/sh -c apt-get update' }], ['CIS-DI-0007', /apk update/, { createdBy: 'RUN /bin/sh -c apk update # buildkit' }],
    ['CIS-DI-0008', /usr\/bin\/su \(setuid of 0, 4755\)/, file('usr/bin/su', { mode: 0o4755 })], ['CIS-DI-0008', /setgid of 1000, 2755/, file('opt/x', { mode: 0o2755, gid: 1000 })],
    ['CIS-DI-0009', /ADD https:\/\/a\.example\/x \/opt/, { createdBy: 'ADD https://a.example/x /opt # buildkit' }],
    ['CIS-DI-0010', /a file for credentials: home\/app\/\.ssh\/id_rsa/, file('home/app/.ssh/id_rsa')],
    ['CIS-DI-0011', /--allow-unauthenticated/, { createdBy: 'RUN /bin/sh -c apt-get update && apt-get install --allow-unauthenticated -y x && rm -rf /var/lib/apt/lists/*' }],
    ['DKL-DI-0001', /sudo make install/, { createdBy: '/bin/sh -c sudo make install' }], ['DKL-DI-0001', /usr\/bin\/sudo/, file('usr/bin/sudo')],
    ['DKL-DI-0002', /VOLUME \/proc/, {}, { Volumes: { '/proc': {}, '/data': {} } }],
    ['DKL-DI-0003', /dist-upgrade/, { createdBy: '/bin/sh -c apt-get update && apt-get dist-upgrade -y' }],
    ['DKL-DI-0004', /apk add curl/, { createdBy: '/bin/sh -c apk add curl' }],
    ['DKL-DI-0005', /apt-get install -y curl/, { createdBy: '/bin/sh -c apt-get update && apt-get install -y curl' }], ['DKL-DI-0005', /var\/lib\/apt\/lists\/deb\.example_InRelease/, file('var/lib/apt/lists/deb.example_InRelease')],
    ['DKL-LI-0001', /^app$/, { entries: [{ path: 'etc/shadow', content: 'root:*:1::::::\napp::1::::::\n' }] }],
    ['DKL-LI-0002', /uid 0: root, toor/, { entries: [{ path: 'etc/passwd', content: 'root:x:0:0::/:/bin/sh\ntoor:x:0:0::/:/bin/sh\napp:x:1000:1000::/:/bin/sh\n' }] }],
    ['DKL-LI-0003', /app\/Dockerfile/, file('app/Dockerfile')], ['DKL-LI-0003', /app\/\.git/, { entries: [{ path: 'app/.git', type: 'directory' }] }],
    ['PLM-DI-0003', /EXPOSE 80\/tcp/, {}, { ExposedPorts: { '80/tcp': {}, '8080/tcp': {} } }],
    ['PLM-DI-0004', /image\.source/, {}, { Labels: {} }],
    ['PLM-DI-0005', /curl -fsSL https:\/\/a\.example \| sh/, { createdBy: 'RUN /bin/sh -c curl -fsSL https://a.example | sh' }], ['PLM-DI-0005', /curl -k/, { createdBy: '/bin/sh -c curl -k -o x https://a.example/x' }],
    ['PLM-DI-0006', /^ENV NODE_TLS_REJECT_UNAUTHORIZED$/, {}, { Env: ['NODE_TLS_REJECT_UNAUTHORIZED=0'] }],
    ['PLM-LI-0001', /app\/shared \(0777\)/, { entries: [{ path: 'app/shared', type: 'directory', mode: 0o777 }, { path: 'tmp', type: 'directory', mode: 0o1777 }] }], ['PLM-LI-0001', /app\/run \(0777\)/, file('app/run', { mode: 0o777 })],
    ['PLM-LI-0002', /app\/data \(uid 4711, gid 4712\)/, file('app/data', { uid: 4711, gid: 4712 })],
  ])('%s by %s', async (id, seen, layer, config) => {
    const inventory = await inventoryOf([{ entries: accountFiles, createdBy: 'ADD rootfs.tar.gz / # buildkit' }, layer], { ...good, ...config });
    expect(ids(inventory)).toEqual([id]);
    expect(evidence(inventory, id).join('\n')).toMatch(seen);
  });
});

it('what an upper layer removed or repaired does not count', async () => {
  const inventory = await inventoryOf([
    { entries: [...accountFiles, { path: 'bin/su', content: 'x', mode: 0o4755 }, { path: 'bin/ping', content: 'x', mode: 0o4755 }, { path: 'srv', type: 'directory', mode: 0o777 }, { path: 'srv/a', content: 'x', mode: 0o666 }] },
    { entries: [{ path: 'bin/.wh.su' }, { path: 'bin/ping', content: 'x', mode: 0o755 }, { path: 'srv', type: 'directory', mode: 0o755 }, { path: 'srv/.wh..wh..opq' }] },
  ], good);
  expect(ids(inventory)).toEqual([]);
});

it('counts all evidence, tells some of it, and names its layer', async () => {
  const inventory = await inventoryOf([{ entries: accountFiles }, { entries: Array.from({ length: 50 }, (_, i) => ({ path: `bin/x${i}`, content: 'x', mode: 0o4755 })) }], good);
  const [finding] = inventory.configuration.findings;
  expect(finding).toMatchObject({ id: 'CIS-DI-0008', count: 50 });
  expect(finding!.evidence).toHaveLength(20);
  expect(new Set(finding!.evidence.map(({ layer }) => layer))).toEqual(new Set([inventory.target.layers[1]!.digest]));
});

it('judges the files of a root filesystem, and nothing of a directory of sources', async () => {
  const root = join(scratch, 'root');
  const write = (path: string, content: string, mode = 0o644): void => { mkdirSync(dirname(join(root, path)), { recursive: true }); writeFileSync(join(root, path), content); chmodSync(join(root, path), mode); };
  write('app/run', 'x', 0o4755);
  expect(ids(await indexTarget({ kind: 'directory', path: root }))).toEqual([]);
  write('etc/os-release', 'ID=debian\nVERSION_ID=12\n');
  expect(ids(await indexTarget({ kind: 'directory', path: root }))).toEqual(['CIS-DI-0008']);
});

it('ids are unique, and every check says why and what to do', () => {
  expect(new Set(checks.map(({ id }) => id)).size).toBe(checks.length);
  for (const { title, why, fix } of checks) for (const text of [title, why, fix]) expect(text.length).toBeGreaterThan(5);
});
