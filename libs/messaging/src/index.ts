export * from './messaging.ts';
