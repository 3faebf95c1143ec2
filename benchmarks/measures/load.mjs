/**
 * N concurrent callers, each awaiting one command at a time. The loop is the same code for every client, and what
 * it costs is part of every figure, the floors' too.
 */
import { metricsOf, Window } from './window.mjs';

/** A prime, so that the sampled operations wander over all callers and all places of a batch. */
const SAMPLE_EVERY = 31;
/** With few callers there are few operations and each takes long: time all of them. */
const FEW_CALLERS = 10;

export async function load({ scenario, client, limits }) {
  const { issue, callers, commandsPerIssue } = scenario;
  const window = new Window(limits);
  const opened = window.open();
  if (client.drive) {
    client.drive((i) => issue(client, i), callers, window);
  } else {
    const sampleEvery = callers <= FEW_CALLERS ? 1 : SAMPLE_EVERY;
    for (let n = 0; n < callers; n++) {
      void call(client, issue, window, sampleEvery).catch((error) => window.fail(error));
    }
  }
  return metricsOf(await opened, commandsPerIssue);
}

async function call(client, issue, window, sampleEvery) {
  while (!window.over) {
    const i = window.started++;
    if (i % sampleEvery === 0) {
      const start = performance.now();
      await issue(client, i);
      window.sample(performance.now() - start);
    } else {
      await issue(client, i);
    }
    window.count();
  }
}
