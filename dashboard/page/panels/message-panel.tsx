import type { MessageHistory, Step } from '../../wire/wire.ts';
import { deselect, select } from '../state/actions.ts';
import { history, lastMessages, patterns, selected } from '../state/store.ts';
import { number, span } from '../state/text.ts';
import { Icon } from './icon.tsx';

/** One message in all lanes: what happened to it, when, and what was said to Redis. */
export function MessagePanel() {
  const { value } = selected;
  return (
    <section class="panel message" aria-labelledby="message-title">
      <header>
        <h2 id="message-title">{value ? `Message #${number(value.count)}` : 'Follow a message'}</h2>
        {value && (
          <button type="button" class="quiet" onClick={deselect}>
            <Icon name="close" /> close
          </button>
        )}
      </header>
      {!value && <p class="note">Click a message on its way, or choose one of the last:</p>}
      <Recent />
      {value && <History />}
    </section>
  );
}

function Recent() {
  if (lastMessages.value.length === 0) return null;
  return (
    <ul class="recent" aria-label="The last messages">
      {lastMessages.value.map(({ key, count, text }) => (
        <li key={key}>
          <button
            type="button"
            aria-pressed={selected.value?.key === key}
            title={text}
            onClick={() => void select(key, count)}
          >
            #{count}
          </button>
        </li>
      ))}
    </ul>
  );
}

function History() {
  const found = history.value;
  if (found === undefined) return <p class="note">…</p>;
  if (found === 'none')
    return (
      <p class="note">
        There is no history of this message: it is kept for the last ones that were made at up to 200 per second.
      </p>
    );
  return (
    <>
      <p class="text">{found.text}</p>
      <p class="note">
        id <code>{found.id}</code> by {found.sender}
      </p>
      <Steps lane="" history={found} />
      {patterns.value.map(({ name }, index) => (
        <Steps key={name} lane={name} history={found} index={index} />
      ))}
      <button type="button" class="do" onClick={() => void select(found.key, found.count)}>
        Look again
      </button>
    </>
  );
}

function Steps({
  lane,
  history: { steps },
  index = 0,
}: {
  readonly lane: string;
  readonly history: MessageHistory;
  readonly index?: number;
}) {
  const theirs = steps.filter((step) => step.lane === lane);
  const first = steps[0]?.at ?? 0;
  if (theirs.length === 0) return null;
  return (
    <section class={`steps lane-${index}`}>
      {lane !== '' && <h3>{lane}</h3>}
      <ol>
        {theirs.map((step, position) => (
          <li key={`${step.at} ${step.what} ${step.by} ${position}`} class={`step is-${step.what}`}>
            <time>
              {lane === ''
                ? new Date(step.at / 1000).toISOString().slice(11, 23)
                : `+${span((step.at - first) / 1000)}`}
            </time>
            <span>{inWords(step)}</span>
            {step.command !== '' && <Command text={step.command} />}
          </li>
        ))}
      </ol>
    </section>
  );
}

/** A command of Redis on one line; opened, all of it. */
function Command({ text }: { readonly text: string }) {
  return (
    <details>
      <summary>
        <code>{text}</code>
      </summary>
      <code>{text}</code>
    </details>
  );
}

/** A step as a sentence. */
function inWords({ what, by, attempt = 1, reply, entry, reason, fate, lane }: Step): string {
  const why = reason ? `: ${reason}` : '';
  const again = attempt > 1 ? `, attempt ${attempt}` : '';
  const broadcasts = patterns.value.find(({ name }) => name === lane)?.guarantees.audience === 'every-subscriber';
  if (what === 'made') return `made by ${by}`;
  if (what === 'accepted') {
    if (reply === undefined) return 'accepted by Redis';
    return broadcasts
      ? `accepted by Redis: reached ${reply === 1 ? '1 subscriber' : `${reply} subscribers`}`
      : `accepted by Redis: length ${number(reply)} with it`;
  }
  if (what === 'unconfirmed') return `the connection broke before Redis answered${why}`;
  if (what === 'received') return `received by ${by}${again}${entry ? `, entry ${entry}` : ''}`;
  if (what === 'handled') return `handled by ${by}${again}`;
  if (what === 'acknowledged') return `acknowledged by ${by}${why}`;
  if (what === 'failed') return `failed at ${by}${again}${why}; ${fate === 'again' ? 'it will be redelivered' : fate}`;
  if (what === 'dead') return `dead letter${why}`;
  return `${what.replace('-', ' ')} (${by})${why}`;
}
