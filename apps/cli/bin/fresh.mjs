// Whether the bundle is at least as new as everything that was compiled. A few file times; the command line looks on every start.
import { readdirSync, statSync } from 'node:fs';

const root = new URL('../../../', import.meta.url);
const time = (path) => statSync(new URL(path, root), { throwIfNoEntry: false })?.mtimeMs ?? 0;

export function bundleIsFresh() {
  const bundled = time('apps/cli/bundle/main.js');
  return bundled > 0 && ['apps/cli', ...readdirSync(new URL('libs/', root)).map((name) => `libs/${name}`)].every((path) => time(`${path}/tsconfig.tsbuildinfo`) <= bundled);
}
