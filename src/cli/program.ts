import { Command, CommanderError, Help } from 'commander';
import { wholeName } from './action.ts';
import { type CommandEntry, commandEntries } from './commands.ts';
import { EXIT_CODES } from './exit-codes.ts';
import { paint } from './output/paint.ts';
import { reportError } from './output/report-error.ts';
import { noOutput } from './user-files.ts';

export interface ProgramOptions {
  readonly version: string;
  /** Commands of the composition root: what runs the platform instead of talking to it. */
  readonly extraCommands?: readonly CommandEntry[] | undefined;
}

/** The whole program, or with `only` the code of that one command and the names of the others. */
export async function createProgram({ version, extraCommands = [] }: ProgramOptions, only?: string): Promise<Command> {
  const program = new Command('holdfast')
    .description('Runs apps whose data survives every deploy.')
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show how to use the command')
    .option('--app <name>', 'the app; default: that of the app file here, then HOLDFAST_APP, then the only one')
    .option('--json', 'print the answer of the API as JSON on stdout')
    .option('--data-dir <path>', 'data directory of the platform; default: HOLDFAST_DATA_DIR, then ~/.holdfast')
    .configureHelp({
      showGlobalOptions: true,
      visibleGlobalOptions(command) {
        const options = Help.prototype.visibleGlobalOptions.call(this, command);
        return options.filter((option) => option.long !== '--version');
      },
      styleTitle: (title) => paint('bold', title),
    })
    .configureOutput({
      outputError: () => {},
      getOutHelpWidth: () => (process.stdout.isTTY ? process.stdout.columns : 100),
    })
    .showHelpAfterError(false)
    .commandsGroup('Others:')
    .helpCommand('help [command]', 'show how to use a command')
    .exitOverride();
  for (const entry of [...commandEntries, ...extraCommands]) await addCommand(program, entry, only);
  return program;
}

async function addCommand(program: Command, entry: CommandEntry, only: string | undefined): Promise<void> {
  if (only === undefined || entry.name === only || entry.aliases?.includes(only)) (await entry.load())(program);
  else program.command(entry.name);
  const command = program.commands.find((one) => one.name() === entry.name);
  command
    ?.description(entry.summary)
    .aliases([...(entry.aliases ?? [])])
    .helpCommand(false)
    .helpGroup(entry.group);
}

/** Runs one command line to its end; answers the exit code and has printed everything. */
export async function runCli(argv: readonly string[], options: ProgramOptions): Promise<number> {
  process.stdout.on('error', endWithoutOutput);
  process.stderr.on('error', () => {}); // nobody reads it, and what is done is done all the same
  const first = firstCommand(argv) ?? '';
  const program = await createProgram(options, first === NEEDS_ALL ? undefined : first);
  try {
    if (argv.length === 0) program.outputHelp();
    else await program.parseAsync(argv, { from: 'user' });
    return Number(process.exitCode ?? EXIT_CODES.ok.code);
  } catch (error) {
    return error instanceof CommanderError ? usageError(error, commandOf(program, argv)) : reportError(error);
  }
}

/** Of the program alone: no command that comes near it means it. */
const VERSION_OPTION = '--version?';

/** Completion knows every command with its options. */
const NEEDS_ALL = 'completion';

/** What stands for a value after its option and is no command. */
const OPTIONS_WITH_VALUE = new Set(['--app', '--data-dir']);

/** The command whose code is needed: the first word, or the one after `help`. */
function firstCommand(argv: readonly string[]): string | undefined {
  const words = argv.filter((word, i) => !word.startsWith('-') && !OPTIONS_WITH_VALUE.has(argv[i - 1] ?? ''));
  return words[0] === 'help' ? words[1] : words[0];
}

/** As far as the words name commands. */
function commandOf(program: Command, argv: readonly string[]): Command {
  let command = program;
  for (const word of argv) {
    command = command.commands.find((one) => one.name() === word || one.aliases().includes(word)) ?? command;
  }
  return command;
}

function usageError(error: CommanderError, command: Command): number {
  if (error.exitCode === 0) return EXIT_CODES.ok.code; // --help, --version
  if (error.code === 'commander.help') return EXIT_CODES.usage.code; // a noun without its verb: its help is on stderr
  const [message = '', similar] = error.message.replace(/^error: /, '').split('\n');
  const suggestion = similar?.includes(VERSION_OPTION) && command.parent ? undefined : similar;
  process.stderr.write(`${paint('red', 'error:', process.stderr)} ${message}\n`);
  const hint =
    suggestion?.replace(/^\(Did you mean (.*)\?\)$/, 'did you mean $1?') ?? `see \`${wholeName(command)} --help\``;
  process.stderr.write(`${paint('dim', 'hint:', process.stderr)}  ${hint}\n`);
  return EXIT_CODES.usage.code;
}

/** `holdfast logs | head`: the reader has seen enough. Anything else, as a full disk, has cut the answer off. */
function endWithoutOutput(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') process.exit(process.exitCode ?? EXIT_CODES.ok.code);
  process.exit(reportError(noOutput(error)));
}
