import type { Command } from 'commander';

/** A command by name; its code is imported when it is asked for, so that help and errors come at once. */
export interface CommandEntry {
  readonly name: string;
  readonly aliases?: readonly string[] | undefined;
  readonly summary: string;
  readonly group: string;
  /** Imports what adds the command, with its options and action, to a program. */
  readonly load: () => Promise<(program: Command) => void>;
}

const APPS = 'Apps:';
const STORAGE = 'Storage:';
const OTHERS = 'Others:';

export const commandEntries: readonly CommandEntry[] = [
  {
    name: 'launch',
    summary: 'write an app file for the directory',
    group: APPS,
    load: async () => (await import('./commands/launch.ts')).launchCommand,
  },
  {
    name: 'deploy',
    summary: 'build a directory and roll it out as its app file says',
    group: APPS,
    load: async () => (await import('./commands/deploy.ts')).deployCommand,
  },
  {
    name: 'status',
    summary: 'services, instances and storage of an app',
    group: APPS,
    load: async () => (await import('./commands/status.ts')).statusCommand,
  },
  {
    name: 'logs',
    summary: 'what the instances of an app have printed',
    group: APPS,
    load: async () => (await import('./commands/logs.ts')).logsCommand,
  },
  {
    name: 'releases',
    summary: 'the releases of an app and how each fared',
    group: APPS,
    load: async () => (await import('./commands/releases.ts')).releasesCommand,
  },
  {
    name: 'rollback',
    summary: 'deploy a kept release again',
    group: APPS,
    load: async () => (await import('./commands/rollback.ts')).rollbackCommand,
  },
  {
    name: 'scale',
    summary: 'set the number of instances of services',
    group: APPS,
    load: async () => (await import('./commands/scale.ts')).scaleCommand,
  },
  {
    name: 'secrets',
    summary: 'values that services get and nobody reads back',
    group: APPS,
    load: async () => (await import('./commands/secrets/secrets.ts')).secretsCommand,
  },
  {
    name: 'apps',
    summary: 'every app on the platform',
    group: APPS,
    load: async () => (await import('./commands/apps/apps.ts')).appsCommand,
  },
  {
    name: 'volumes',
    summary: 'disks, each mounted by one instance at a time',
    group: STORAGE,
    load: async () => (await import('./commands/volumes/volumes.ts')).volumesCommand,
  },
  {
    name: 'object-store',
    aliases: ['buckets', 'storage'],
    summary: 'buckets and the objects in them',
    group: STORAGE,
    load: async () => (await import('./commands/object-store/object-store.ts')).objectStoreCommand,
  },
  {
    name: 'filesystems',
    summary: 'files shared by all instances of an app',
    group: STORAGE,
    load: async () => (await import('./commands/filesystems/filesystems.ts')).filesystemsCommand,
  },
  {
    name: 'regions',
    summary: 'where storage can be',
    group: OTHERS,
    load: async () => (await import('./commands/regions.ts')).regionsCommand,
  },
  {
    name: 'master-key',
    summary: 'the key that all encryption at rest hangs on',
    group: OTHERS,
    load: async () => (await import('./commands/master-key/master-key.ts')).masterKeyCommand,
  },
  {
    name: 'completion',
    summary: 'print a completion script for bash, zsh or fish',
    group: OTHERS,
    load: async () => (await import('./commands/completion.ts')).completionCommand,
  },
];
