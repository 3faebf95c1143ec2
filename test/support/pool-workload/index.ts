export { type PoolRoundOptions, type PoolRoundReport, runPoolRound } from './round.js';
