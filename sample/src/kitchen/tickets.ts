/** The stream of what is to be baked. */
export const TICKETS = 'kitchen:tickets';
