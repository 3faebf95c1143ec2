/**
 * One subscriber takes messages as fast as they come. The server publishes them itself, by a script that we ask for
 * again whenever a burst has arrived: no publisher competes for the CPU, and asking costs one small write a burst.
 */
import { ControlConnection } from '../harness/control-connection.mjs';
import { metricsOf, Window } from './window.mjs';

const BURST = 250;
const BURSTS_UNDERWAY = 3;
const SCRIPT =
  "for i = 0, tonumber(ARGV[2]) - 1 do redis.call('PUBLISH', ARGV[3 + i % (#ARGV - 2)], ARGV[1]) end";

export async function pubsub({ scenario, client, address, limits }) {
  const { channels, message } = scenario;
  const control = await ControlConnection.open(address);
  const window = new Window(limits);
  const opened = window.open();
  const publish = () => control.send('EVAL', SCRIPT, 0, message, BURST, ...channels);

  let received = 0;
  await client.subscribe(channels, (data) => {
    if (received === 0 && data !== undefined && data !== message) {
      window.fail(new Error(`a message arrived as ${JSON.stringify(data)}`));
    }
    window.count();
    if (++received % BURST === 0 && !window.over) publish().catch((error) => window.fail(error));
  });
  for (let n = 0; n < BURSTS_UNDERWAY; n++) await publish();

  const result = metricsOf(await opened);
  control.close();
  return result;
}
