import type { Command } from 'commander';
import { destroyApp } from './destroy.ts';
import { listApps } from './list.ts';

export function appsCommand(program: Command): void {
  const apps = program.command('apps');
  listApps(apps);
  destroyApp(apps);
}
