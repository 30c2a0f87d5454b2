export { fromSbom } from './from-sbom.ts';
export { type SbomLimits, sbomLimits } from './limits.ts';
export { type SbomOptions, toCycloneDx } from './to-cyclonedx.ts';
export { toSpdx } from './to-spdx.ts';
