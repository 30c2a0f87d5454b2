export * from './compare.ts';
export * from './ecosystems.ts';
export { maxVersionLength, parseVersion, type SchemeDefinition, Unreadable } from './scheme.ts';
export { isScheme, type Scheme, schemeNames, schemes } from './schemes.ts';
