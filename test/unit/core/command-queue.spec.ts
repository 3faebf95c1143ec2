import { describe, expect, it } from '@jest/globals';
import { CommandQueue } from '../../../lib/core/connection/command-queue.js';
import type { PendingCommand } from '../../../lib/core/connection/pending-command.js';

const command = (id: number): PendingCommand => ({ id }) as unknown as PendingCommand;
const idOf = (entry: PendingCommand | undefined): number | undefined =>
  (entry as unknown as { id: number } | undefined)?.id;

describe('CommandQueue', () => {
  it('does what an array does, over thousands of random steps', () => {
    let seed = 42;
    const random = (below: number): number => {
      seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
      return seed % below;
    };
    const queue = new CommandQueue(4);
    const model: number[] = [];
    for (let step = 0; step < 20_000; step++) {
      switch (random(6)) {
        case 0:
        case 1:
        case 2:
          queue.push(command(step));
          model.push(step);
          break;
        case 3:
          expect(idOf(queue.shift())).toBe(model.shift());
          break;
        case 4:
          queue.unshift(command(step));
          model.unshift(step);
          break;
        default:
          if (random(200) === 0) expect(queue.drain().map(idOf)).toEqual(model.splice(0));
      }
      expect(queue.length).toBe(model.length);
      expect(idOf(queue.peek())).toBe(model[0]);
      if (model.length > 0) {
        const index = random(model.length);
        expect(idOf(queue.at(index))).toBe(model[index]);
      }
    }
  });
});
