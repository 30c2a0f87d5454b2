export { catalogSafely } from '../catalog-visitor.ts';
export * from './write-elf.ts';
export * from './write-rpmdb.ts';
export * from './write-zip.ts';
