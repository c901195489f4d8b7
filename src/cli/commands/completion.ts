import { Argument, type Command } from 'commander';
import { examples, withFlags } from '../action.ts';
import { type CompletionShell, completionScript } from '../completion-script.ts';

export function completionCommand(program: Command): void {
  program
    .command('completion')
    .addArgument(new Argument('<shell>').choices(['bash', 'zsh', 'fish']))
    .addHelpText(
      'after',
      examples(
        'completion bash > ~/.local/share/bash-completion/completions/holdfast',
        'completion zsh > ~/.zfunc/_holdfast',
        'completion fish > ~/.config/fish/completions/holdfast.fish',
      ),
    )
    .action(
      withFlags(async (_flags, shell: CompletionShell) => {
        const text = completionScript(program, shell);
        return { data: { shell, script: text }, text };
      }),
    );
}
