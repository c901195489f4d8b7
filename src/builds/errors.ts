import { HoldfastError } from '../core/errors.ts';

/** The uploaded archive is broken or tries something that a source archive has no use for. */
export function sourceRefused(message: string, cause?: unknown): HoldfastError {
  return new HoldfastError({
    code: 'build.source',
    kind: 'invalid',
    message: `the uploaded source cannot be used: ${message}`,
    hint: 'deploy again; what should not be uploaded belongs in .holdfastignore',
    cause,
  });
}

export function cannotDetect(message: string, hint: string): HoldfastError {
  return new HoldfastError({ code: 'build.detect', kind: 'invalid', message, hint });
}

export function packageManagerMissing(lockFile: string): HoldfastError {
  return new HoldfastError({
    code: 'build.package-manager',
    kind: 'not-implemented',
    message: `${lockFile} needs a package manager that is not available yet; npm is`,
    hint: 'run `npm install` once and keep package-lock.json in its place, or write an installCommand',
  });
}

export function commandFailed(command: string, outcome: string, lastLines: string): HoldfastError {
  return new HoldfastError({
    code: 'build.failed',
    kind: 'invalid',
    message: `\`${command}\` ${outcome}${lastLines ? `:\n${lastLines}` : ''}`,
    hint: 'run the same command in the directory of the app, mend what it says and deploy again',
  });
}

export function npmMissing(): HoldfastError {
  return new HoldfastError({
    code: 'build.npm-missing',
    kind: 'unavailable',
    message: 'the app needs npm to install its dependencies, and npm is not on the PATH of the platform',
    hint: 'install npm on this machine and start the platform again',
    retryable: false,
  });
}

export function buildAborted(): HoldfastError {
  return new HoldfastError({ code: 'build.aborted', kind: 'conflict', message: 'the build was aborted' });
}
