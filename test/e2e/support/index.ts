export { Board, croissants } from './board.js';
export { EventStream } from './event-stream.js';
