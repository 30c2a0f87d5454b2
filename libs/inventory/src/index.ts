export * from './analyze-layer.ts';
export * from './cataloger.ts';
export * from './catalogers.ts';
export * from './coalesce.ts';
export * from './layer-analysis.ts';
export * from './model.ts';
export * from './package-purl.ts';
export * from './purl.ts';
