export interface ServerSentEvent {
  type: string;
  data: unknown;
}

/** Server-sent events as they come over HTTP. */
export class EventStream {
  readonly events: ServerSentEvent[] = [];
  /** Settles when the server has ended the stream, or it broke. */
  readonly ended: Promise<void>;

  private constructor(
    readonly headers: Headers,
    body: ReadableStream<Uint8Array>,
    private readonly aborter: AbortController,
  ) {
    this.ended = this.read(body);
  }

  static async open(url: string): Promise<EventStream> {
    const aborter = new AbortController();
    const response = await fetch(url, { signal: aborter.signal });
    if (!response.ok || !response.body) throw new Error(`${url} answered ${response.status}`);
    return new EventStream(response.headers, response.body, aborter);
  }

  ofType<T>(type: string): T[] {
    return this.events.filter((event) => event.type === type).map(({ data }) => data as T);
  }

  close(): void {
    this.aborter.abort();
  }

  private async read(body: ReadableStream<Uint8Array>): Promise<void> {
    let rest = '';
    try {
      for await (const text of body.pipeThrough(new TextDecoderStream())) {
        const blocks = (rest + text).split('\n\n');
        rest = blocks.pop() ?? '';
        for (const block of blocks) this.take(block);
      }
    } catch {
      // closed from either side
    }
  }

  private take(block: string): void {
    const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1];
    const data = field('data');
    if (data !== undefined) this.events.push({ type: field('event') ?? 'message', data: JSON.parse(data) });
  }
}
