import { Logger } from '@nestjs/common';
import { describeError } from '../describe-error.js';
import { RepeatedFailures } from './repeated-failures.js';

/** What handlers say in the log. Nothing here throws: there is nobody left to tell where the application's own logger does. */
export class HandlerLog {
  private readonly logger = new Logger('RedisModule');
  private readonly failures = new RepeatedFailures((failure, times) =>
    this.write('error', `${failure} (${times} more)`),
  );

  /**
   * Logs a failure in full the first time, and counts what is the same.
   *
   * @param detail what differs from one to the next, and so is left out of what is compared: an entry's id.
   */
  failure(what: string, error: unknown, detail = ''): void {
    const { message, stack } = describeError(error);
    const text = `${what}: ${message}`;
    if (this.failures.isNew(text)) this.write('error', `${text}${detail}`, stack);
  }

  warn(text: string): void {
    this.write('warn', text);
  }

  debug(text: string): void {
    this.write('debug', text);
  }

  /** Tells what was counted, and counts no longer. */
  stop(): void {
    this.failures.stop();
  }

  private write(level: 'error' | 'warn' | 'debug', text: string, stack?: string): void {
    try {
      if (level === 'error') this.logger.error(text, stack);
      else this.logger[level](text);
    } catch {
      // see the class
    }
  }
}
