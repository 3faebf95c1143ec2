export { commandsOf, type GroupedCommand } from './command-group.js';
export { describeGroup, type Given } from './describe-group.js';
export { expectRefused, expectUnknown, expectWrongType } from './expect-errors.js';
export { untilBlocked } from './until-blocked.js';
