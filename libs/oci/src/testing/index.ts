export * from './build-image.ts';
export * from './serve-engines.ts';
export * from './serve-registry.ts';
export * from './write-tar.ts';
export { type TarListener, TarWalker } from '../tar.ts';
