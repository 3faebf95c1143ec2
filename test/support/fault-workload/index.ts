export { describeRound } from './describe-round.js';
export { NOTICEABLE, type RoundOptions, type RoundReport, runRound } from './round.js';
