import { Logger } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Test } from '@nestjs/testing';
import { AppModule } from '../../../sample/src/app.module.js';
import type { Tally } from '../../../sample/src/board/tally.service.js';
import { AppConfig } from '../../../sample/src/config/app-config.js';
import type { OrdersPage } from '../../../sample/src/orders/dto/list-orders.dto.js';
import type { Order } from '../../../sample/src/orders/order.js';
import { setupApp } from '../../../sample/src/setup-app.js';
import { EventStream } from './event-stream.js';

let boards = 0;
const opened = new Set<Board>();

export interface Answer<T> {
  status: number;
  headers: Headers;
  body: T;
}

/** The sample, listening on a port of its own and seen over HTTP only. */
export class Board {
  private constructor(
    private readonly app: NestExpressApplication,
    readonly url: string,
    readonly keyPrefix: string,
  ) {}

  /** Boards with the same prefix are instances of one service; without one each has keys of its own. */
  static async open(
    redisUrl: string,
    keyPrefix = `board-${process.pid}-${++boards}:`,
    port = 0,
    environment: NodeJS.ProcessEnv = {},
  ): Promise<Board> {
    const config = AppConfig.from({ REDIS_URL: redisUrl, REDIS_KEY_PREFIX: keyPrefix, ...environment });
    Logger.overrideLogger(false);
    const module = await Test.createTestingModule({ imports: [AppModule] })
      .overrideProvider(AppConfig)
      .useValue(config)
      .compile();
    const app = setupApp(
      module.createNestApplication<NestExpressApplication>({ forceCloseConnections: true, logger: false }),
    );
    await app.listen(port, '127.0.0.1');
    const board = new Board(app, await app.getUrl(), keyPrefix);
    opened.add(board);
    return board;
  }

  async get<T>(path: string): Promise<Answer<T>> {
    const response = await fetch(`${this.url}${path}`);
    return { status: response.status, headers: response.headers, body: (await response.json()) as T };
  }

  async post<T = Order>(order: unknown): Promise<Answer<T>> {
    const headers = { 'Content-Type': 'application/json' };
    const body = typeof order === 'string' ? order : JSON.stringify(order);
    const response = await fetch(`${this.url}/orders`, { method: 'POST', headers, body });
    return { status: response.status, headers: response.headers, body: (await response.json()) as T };
  }

  async place(order: object = {}): Promise<Order> {
    const { status, body } = await this.post({ ...croissants(1), ...order });
    if (status !== 201) throw new Error(`answered with ${status}: ${JSON.stringify(body)}`);
    return body;
  }

  async list(query = ''): Promise<OrdersPage> {
    return (await this.get<OrdersPage>(`/orders${query}`)).body;
  }

  async tally(): Promise<Tally> {
    return (await this.get<Tally>('/orders/tally')).body;
  }

  /** Open once the server has answered. */
  listen(): Promise<EventStream> {
    return EventStream.open(`${this.url}/orders/stream`);
  }

  async close(): Promise<void> {
    if (opened.delete(this)) await this.app.close();
  }

  /** For `afterEach` and `afterAll`: closes what a test has left open, failed or not. */
  static async closeAll(): Promise<void> {
    await Promise.all([...opened].map((board) => board.close()));
  }
}

/** An order of 2.40 a piece. */
export function croissants(quantity: number): object {
  return { customer: 'Ada', kind: 'pickup', lines: [{ item: 'croissant', quantity }] };
}
