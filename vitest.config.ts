import { availableParallelism } from 'node:os';
import { defaultServerConditions } from 'vite';
import { defineConfig } from 'vitest/config';

// Tests read the libraries' sources, never a stale build. 'import' must not be added: it breaks TypeORM's require('pg').
const conditions = ['@plimsoll/source', ...defaultServerConditions];

export default defineConfig({
  // Spec files are outside the projects' tsconfig, so the decorators are switched on here too.
  oxc: { decorator: { legacy: true, emitDecoratorMetadata: true } },
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    pool: 'forks',
    // vitest leaves a core for itself, which on two cores is half of them.
    maxWorkers: availableParallelism(),
    include: ['{apps,libs,tools}/**/*.spec.ts', 'e2e/**/*.spec.ts', 'bench/**/*.spec.ts'],
    exclude: ['**/node_modules/**', '**/dist/**'],
    server: { deps: { inline: [/@plimsoll\//] } },
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
