export * from './program.js';
export * from './sentinel.js';
