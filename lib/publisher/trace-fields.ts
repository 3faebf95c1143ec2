/** Fields of propagators, by their names in an envelope or an entry. */
export type TraceFields = Readonly<Record<string, string>>;

/** The fields of an entry that are of its way, not of what it says: by W3C's names. */
export const TRACE_FIELDS: readonly string[] = ['traceparent', 'tracestate', 'baggage'];

/** Longest field of a trace context that is read, bytes or characters: W3C wants 512 of `tracestate` and 8192 of `baggage`. */
export const LONGEST_TRACE_FIELD = 8_192;
