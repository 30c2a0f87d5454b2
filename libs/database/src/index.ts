export * from './data-source.ts';
export * from './migrate.ts';
export * from './provision.ts';
export * from './locks.ts';
export * from './page.ts';
