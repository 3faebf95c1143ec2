import { ClientCommands } from './client-commands.js';
import type { CallOptions } from './options.js';

/** A client's commands with settings for the calls made through it: `client.buffers`, `client.with({ … })`, or both. */
export class CommandView<in out Text extends string | Buffer> extends ClientCommands<Text> {
  /** The same with Buffers for text. */
  get buffers(): CommandView<Buffer> {
    return new CommandView<Buffer>(this.engine, true, this.callOptions);
  }

  /** The same with further settings; they win over those that it has. */
  with(options: CallOptions): CommandView<Text> {
    return new CommandView<Text>(this.engine, this.bytes, this.settingsWith(options));
  }
}
