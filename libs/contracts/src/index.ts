export * from './message.ts';
export * from './common.ts';
export * from './gateway.ts';
export * from './scanner.ts';
export * from './feeds.ts';
export * from './policy.ts';
export * from './identity.ts';
export * from './notifier.ts';
