import { services } from './cross-checks.ts';
import type { AppFile } from './schema/app-file.ts';

/** What a person should know about a file that is right: settings that are accepted and do nothing yet. */
export function noticesOf(file: AppFile): string[] {
  const volumes = Object.entries(file.resources).flatMap(([name, resource]) =>
    resource.type === 'volume' && resource.properties.snapshotRetention !== undefined
      ? [`volume ${name}: daily snapshots are not available yet; \`holdfast volumes snapshots create\` makes one`]
      : [],
  );
  const scaled = services(file).flatMap(([name, { properties }]) =>
    properties.scaling.cpuThreshold !== undefined || properties.scaling.cooldown !== undefined
      ? [
          `service ${name}: autoscaling is not available yet; ${properties.scaling.minTasks} run until \`holdfast scale\``,
        ]
      : [],
  );
  const bounded = services(file).flatMap(([name, { properties }]) =>
    properties.scaling.minTasks > 1 && properties.volumeMounts.some(({ type }) => type === 'volume')
      ? [`service ${name}: an instance needs a volume of its own, so as many run as there are matching volumes`]
      : [],
  );
  return [...volumes, ...scaled, ...bounded];
}
