import type { Command, Option } from 'commander';

export type CompletionShell = 'bash' | 'zsh' | 'fish';

/** One command of the tree; `path` is `holdfast/volumes/create`. */
interface Node {
  readonly path: string;
  readonly command: Command;
  readonly options: readonly Option[];
}

/** A script with every command and option in it: completing a word starts no program. */
export function completionScript(program: Command, shell: CompletionShell): string {
  const globals = program.options.filter((option) => option.long !== '--version');
  const nodes = [...walk(program, program.name(), globals)];
  return shell === 'fish' ? fish(nodes) : shell === 'zsh' ? zsh(nodes) : bash(nodes);
}

function* walk(command: Command, path: string, globals: readonly Option[]): Generator<Node> {
  yield { path, command, options: [...new Set([...command.options, ...globals])] };
  for (const child of command.commands) {
    for (const name of namesOf(child)) yield* walk(child, `${path}/${name}`, globals);
  }
}

function namesOf(command: Command): string[] {
  return [command.name(), ...command.aliases()];
}

function bash(nodes: readonly Node[]): string {
  const words = nodes.map(({ path, command, options }) => {
    const children = command.commands.flatMap(namesOf);
    const flags = options.flatMap((option) => option.long ?? []);
    return `    ${path}) words='${[...children, ...flags, '--help'].join(' ')}' ;;`;
  });
  return `# bash completion for holdfast
_holdfast() {
  local current=\${COMP_WORDS[COMP_CWORD]} path=holdfast words= word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $path/$word in
      ${knownPaths(nodes).join('|')}) path=$path/$word ;;
    esac
  done
  case $path in
${words.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _holdfast holdfast`;
}

/** zsh runs bash's completions (zshcompsys(1), bashcompinit). */
function zsh(nodes: readonly Node[]): string {
  return `#compdef holdfast\nautoload -U +X bashcompinit && bashcompinit\n${bash(nodes)}`;
}

function fish(nodes: readonly Node[]): string {
  const rules = nodes.flatMap(({ path, command, options }) => {
    const at = `complete -c holdfast -n 'test (__holdfast_path) = ${path}'`;
    const children = command.commands.flatMap((child) =>
      namesOf(child).map((name) => `${at} -f -a ${name} -d ${quote(child.description())}`),
    );
    const flags = options.map(({ long, short, required, description }) => {
      const name = `-l ${long?.slice(2)}${short ? ` -s ${short.slice(1)}` : ''}${required ? ' -r' : ''}`;
      return `${at} ${name} -d ${quote(description)}`;
    });
    return [...children, ...flags];
  });
  return `# fish completion for holdfast
function __holdfast_path
  set -l path holdfast
  for word in (commandline -opc)[2..]
    switch $path/$word
      case ${knownPaths(nodes).join(' ')}
        set path $path/$word
    end
  end
  echo $path
end
${rules.join('\n')}`;
}

function knownPaths(nodes: readonly Node[]): string[] {
  return nodes.map((node) => node.path).filter((path) => path.includes('/'));
}

function quote(text: string): string {
  return `'${text.replace(/['\\]/g, '\\$&')}'`;
}
