export * from './config.ts';
export * from './start-service.ts';
