import { CommandFlag, defineCommand } from '../commands/command-spec.js';

const { READONLY } = CommandFlag;

export const SENTINEL_GET_MASTER = defineCommand('SENTINEL GET-MASTER-ADDR-BY-NAME', READONLY);
export const SENTINEL_REPLICAS = defineCommand('SENTINEL REPLICAS', READONLY);
export const SENTINEL_SENTINELS = defineCommand('SENTINEL SENTINELS', READONLY);
