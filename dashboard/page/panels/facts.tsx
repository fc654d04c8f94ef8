import { signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { PatternFacts } from '../../wire/wire.ts';
import { KIND_WORDS, kindOf } from '../stage/lane-kind.ts';
import { patterns } from '../state/store.ts';
import { Icon } from './icon.tsx';
import { USES } from './uses.ts';

/** The pattern whose fact sheet is open; '' = none. */
export const shownFacts = signal('');

/** What a pattern guarantees, its commands, when to use it, and where its source is. */
export function Facts() {
  const dialog = useRef<HTMLDialogElement>(null);
  const pattern = patterns.value.find(({ name }) => name === shownFacts.value);
  useEffect(() => {
    if (pattern) dialog.current?.showModal();
    else dialog.current?.close();
  }, [pattern]);
  return (
    <dialog ref={dialog} class="facts" aria-labelledby="facts-title" onClose={() => (shownFacts.value = '')}>
      {pattern && <Sheet pattern={pattern} />}
    </dialog>
  );
}

function Sheet({ pattern }: { readonly pattern: PatternFacts }) {
  const { name, commands, variable, source, guarantees } = pattern;
  const rows: [string, string][] = [
    ['Delivery', guarantees.delivery.replaceAll('-', ' ')],
    ['Delivered to', guarantees.audience.replace('-', ' ') + (guarantees.groups ? ' of each group' : '')],
    ['Kept while nobody listens', yes(guarantees.keepsUnread)],
    ['Readable for a group that joins late', yes(guarantees.replays)],
    ['Redelivered after a subscriber crashed', yes(guarantees.survivesCrash)],
    ['In order (one subscriber, CONCURRENCY=1)', yes(guarantees.ordered)],
  ];
  return (
    <>
      <header>
        <h2 id="facts-title">{name}</h2>
        <button type="button" class="quiet" onClick={() => (shownFacts.value = '')}>
          <Icon name="close" /> close
        </button>
      </header>
      <p>
        The {KIND_WORDS[kindOf(guarantees)].what} {KIND_WORDS[kindOf(guarantees)].how}.
      </p>
      <table>
        <caption>Guarantees; conformance tests measure each of them</caption>
        <tbody>
          {rows.map(([what, value]) => (
            <tr key={what}>
              <th scope="row">{what}</th>
              <td>{value}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {USES[name] && (
        <p>
          <b>Use it</b> {USES[name].for}. <b>Don’t</b> {USES[name].not}.
        </p>
      )}
      <p>
        Commands:{' '}
        {commands.map((command) => (
          <code key={command}>{command}</code>
        ))}
      </p>
      <p>
        Source: <code>{source}</code>. Its name: <code>{variable}</code>. Alone: <code>PATTERN={name} npm start</code>
      </p>
    </>
  );
}

const yes = (is: boolean): string => (is ? 'yes' : 'no');
