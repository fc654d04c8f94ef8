import { Icon } from '../panels/icon.tsx';
import { whyNoControls } from '../state/actions.ts';
import { abilities, patterns } from '../state/store.ts';
import { stories } from './index.ts';
import type { Story } from './story.ts';
import { closeStory, openStory, predict, type Telling, telling } from './telling.ts';

/** The stories: a question, then it runs live, then the verdict with the numbers. */
export function Stories() {
  const told = telling.value;
  return (
    <section class="stories" aria-labelledby="stories-title">
      <div class="choice">
        <h2 id="stories-title">Stories</h2>
        {stories.map((story) => (
          <button
            key={story.name}
            type="button"
            class="do"
            aria-pressed={told?.story === story}
            onClick={() => openStory(story)}
          >
            {story.title}
          </button>
        ))}
      </div>
      {told && <Told told={told} />}
    </section>
  );
}

/** Why a story cannot be told here; '' if it can. */
function whyNot(story: Story): string {
  if (whyNoControls() !== '') return whyNoControls();
  const isAble = story.needs.every((need) => abilities.value.requests.includes(need));
  return isAble ? '' : 'This story needs npm start, which can kill, add and stop what it has started.';
}

function Told({ told }: { readonly told: Telling }) {
  const { story, phase, answer, step, verdicts, reason } = told;
  const why = whyNot(story);
  return (
    <div class={`story ${phase}`}>
      <header>
        <h3>{story.title}</h3>
        <button type="button" class="quiet" onClick={closeStory}>
          <Icon name="close" /> {phase === 'running' ? 'stop' : 'close'}
        </button>
      </header>
      <p class="question">{story.question}</p>
      {phase === 'predict' && why !== '' && <p class="note">{why}</p>}
      <div class="answers">
        {story.answers.map(({ text, isRight }, index) => (
          <button
            key={text}
            type="button"
            class={`answer${phase === 'verdict' && isRight ? ' right' : ''}`}
            aria-pressed={answer === index}
            disabled={phase !== 'predict' || why !== ''}
            onClick={() => void predict(index)}
          >
            {text}
          </button>
        ))}
      </div>
      <div role="status">
        {step && (
          <p class="step-now">
            <progress max={step.of} value={step.number - 0.5} aria-label="How far the story is" />
            {step.text}
          </p>
        )}
        {phase === 'failed' && <p class="problem">The story did not come to its end: {reason}</p>}
        {verdicts && <Verdict told={told} verdicts={verdicts} />}
      </div>
    </div>
  );
}

function Verdict({ told, verdicts }: { readonly told: Telling; readonly verdicts: NonNullable<Telling['verdicts']> }) {
  const { story, answer = 0 } = told;
  const wasRight = story.answers[answer]?.isRight;
  const isKept = Object.values(verdicts).every(({ isAsPromised }) => isAsPromised);
  return (
    <>
      <p class="outcome">
        <b>{wasRight ? 'You were right.' : 'Not quite.'}</b> {story.moral}
      </p>
      <ul class="verdicts" data-kept={isKept}>
        {patterns.value.map(({ name }, index) => {
          const verdict = verdicts[name];
          return (
            verdict && (
              <li key={name} class={`lane-${index}`}>
                <b class="lane-name">{name}</b> {verdict.text}
                <small>{verdict.isAsPromised ? '✓ as promised' : '✗ not as promised'}</small>
              </li>
            )
          );
        })}
      </ul>
    </>
  );
}
