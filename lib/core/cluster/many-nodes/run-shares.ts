import type { CommandSpec } from '../../commands/command-spec.js';
import { SCRIPT_FLUSH } from '../../commands/commands.generated.js';
import type { PendingCommand } from '../../connection/pending-command.js';
import type { PipelineRun } from '../../pipeline/pipeline-run.js';
import { ScriptSpec } from '../../script/script-spec.js';
import type { ClusterNode } from '../topology/cluster-node.js';
import type { Put } from './fan-out.js';

/**
 * Takes a pipeline apart: what each node gets, in the pipeline's order. A script's first call at each node goes out as a whole, so
 * that the node knows it for the others: the pipeline itself has seen to the first of all alone.
 *
 * @param dispatch puts a command, or what is sent in its place, where it goes.
 */
export function shareRun(
  run: PipelineRun,
  dispatch: (command: PendingCommand, put: Put) => void,
): ReadonlyMap<ClusterNode, readonly PendingCommand[]> {
  const shares = new Map<ClusterNode, PendingCommand[]>();
  /** Of each node, the scripts that it has by then: by what runs them as a whole. */
  const known = new Map<ClusterNode, Set<CommandSpec>>();
  let place = 0;
  const put: Put = (node, given) => {
    const { spec } = given;
    const isUnknown = spec instanceof ScriptSpec && known.get(node)?.has(spec.whole) !== true;
    const command = isUnknown ? run.sendWhole(place) : given;
    noteScript(known, node, command);
    const share = shares.get(node);
    if (share === undefined) shares.set(node, [command]);
    else share.push(command);
  };
  for (; place < run.commands.length; place++) dispatch(run.commands[place]!, put);
  return shares;
}

function noteScript(
  known: Map<ClusterNode, Set<CommandSpec>>,
  node: ClusterNode,
  { spec }: PendingCommand,
): void {
  if (spec === SCRIPT_FLUSH) known.delete(node);
  else if (ScriptSpec.isWhole(spec)) {
    const scripts = known.get(node);
    if (scripts === undefined) known.set(node, new Set([spec]));
    else scripts.add(spec);
  }
}
