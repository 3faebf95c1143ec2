/** How a command's method answers. {@link RedisCommands} is written once for all of them. */
export interface AnswerKind {
  /** The reply; each kind puts it where it belongs. */
  readonly reply: unknown;
  readonly answer: unknown;
}

/** A client's way: the reply comes later. */
export interface Promised extends AnswerKind {
  readonly answer: Promise<this['reply']>;
}

/** What a method answers with, for a command with this reply. */
export type Answer<Kind extends AnswerKind, Reply> = (Kind & { readonly reply: Reply })['answer'];
