export * from './digests.ts';
export * from './entry.ts';
export * from './limits.ts';
export * from './open-image.ts';
export * from './path-list.ts';
export * from './read-directory.ts';
export * from './read-layer.ts';
export type { RegistryAccess } from './registry.ts';
export * from './target.ts';
