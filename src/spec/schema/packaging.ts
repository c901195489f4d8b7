import { z } from 'zod';
import { relativePath, text } from './fields.ts';
import { key, notYetType } from './notes.ts';

const commandLine = (what: string) => text(`a shell command, such as "${what}"`).optional();

const buildKeys = {
  directory: key(relativePath().optional(), 'Directory of the service inside the app; the top when absent.'),
  entryfilePath: key(relativePath().optional(), 'The file to start, when package.json does not say it.'),
  installCommand: key(commandLine('npm ci'), 'Installs dependencies; found from the lock file when absent.'),
  buildCommand: key(commandLine('npm run build'), 'Builds; the `build` script of package.json when absent.'),
  startCommand: key(commandLine('npm start'), 'Starts the service; the entry file or the `start` script when absent.'),
};

const sourcePackaging = z.strictObject({
  type: key(z.literal('source'), "Built from the app's directory, without a container image."),
  ...buildKeys,
});

const buildpackPackaging = z.strictObject({
  type: key(z.literal('stacktape-image-buildpack'), 'The same as `source`, in the form that Stacktape gives it.'),
  properties: key(z.strictObject(buildKeys).prefault({}), 'The keys of `source`.'),
});

const buildArguments = z.record(z.string(), z.string());

const dockerfilePackaging = z.strictObject({
  type: notYetType('dockerfile', 'Built from a Dockerfile.'),
  dockerfilePath: key(relativePath().optional(), 'The Dockerfile.', { fallback: 'Dockerfile' }),
  buildContextPath: key(relativePath().optional(), 'Directory that the build sees.', { fallback: '.' }),
  buildArgs: key(buildArguments.optional(), 'Arguments of the build; not for secrets.'),
});

const imagePackaging = z.strictObject({
  type: notYetType('image', 'A finished container image.'),
  image: key(text('an image, such as redis:alpine'), 'Image and tag.'),
  startCommand: key(commandLine('redis-server'), "Instead of the image's own command."),
});

const gitPackaging = z.strictObject({
  type: notYetType('git', 'Built from a git repository, again at every push.'),
  repository: key(text('the URL of a repository'), 'URL of the repository.'),
  branch: key(text('a branch').optional(), 'Branch to deploy.', { fallback: 'main' }),
  rootDirectory: key(relativePath().optional(), 'Directory of the service in the repository.'),
});

export const packaging = z.discriminatedUnion('type', [
  sourcePackaging,
  buildpackPackaging,
  dockerfilePackaging,
  imagePackaging,
  gitPackaging,
]);
