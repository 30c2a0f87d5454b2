export * from './advisory.ts';
export * from './severity.ts';
