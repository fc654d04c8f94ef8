import { signal } from '@preact/signals';
import { useState } from 'preact/hooks';
import type { ControlAnswer } from '../../wire/wire.ts';
import { whyNoControls } from '../state/actions.ts';
import { Icon } from './icon.tsx';

/** What to type into a terminal for what was clicked last, because the page cannot do it here. */
export const hint = signal<{ readonly label: string; readonly line: string } | undefined>(undefined);

interface DoProps {
  readonly label: string;
  readonly icon?: Parameters<typeof Icon>[0]['name'];
  /** For screen readers, if the label is not enough. */
  readonly name?: string;
  /** Whether it can be done from here; else a click shows the line for a terminal. */
  readonly can: boolean;
  run(): Promise<ControlAnswer>;
  /** What does the same in a terminal. */
  readonly line: string;
}

/** A button that does something to the demo, or shows the line that does. */
export function Do({ label, icon, name = label, can, run, line }: DoProps) {
  const [isBusy, setBusy] = useState(false);
  const isPossible = can && whyNoControls() === '';
  const click = async () => {
    if (!isPossible) {
      hint.value = { label: name, line };
      return;
    }
    setBusy(true);
    await run();
    setBusy(false);
  };
  return (
    <button
      type="button"
      class={`do${isPossible ? '' : ' by-line'}`}
      aria-label={isPossible ? name : `${name}: show the line for a terminal`}
      title={isPossible ? `In a terminal: ${line}` : `Not from here; in a terminal: ${line}`}
      aria-disabled={isBusy}
      onClick={isBusy ? undefined : click}
    >
      {icon && <Icon name={icon} />}
      {label}
    </button>
  );
}

/** The line for a terminal, to be copied. */
export function Hint() {
  if (!hint.value) return null;
  const { label, line } = hint.value;
  return (
    <p class="hint" role="status">
      {label}, in a terminal: <Line text={line} />
      <button type="button" class="quiet" onClick={() => (hint.value = undefined)}>
        <Icon name="close" /> close
      </button>
    </p>
  );
}

/** A line for a terminal, with a button that copies it. */
export function Line({ text }: { readonly text: string }) {
  return (
    <span class="line">
      <code>{text}</code>
      <button
        type="button"
        class="quiet"
        aria-label={`Copy: ${text}`}
        title="Copy"
        onClick={() => navigator.clipboard.writeText(text)}
      >
        <Icon name="copy" />
      </button>
    </span>
  );
}
