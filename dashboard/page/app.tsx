import { Charts } from './charts/charts.tsx';
import { StageView } from './lanes/stage-view.tsx';
import { Controls } from './panels/controls.tsx';
import { Hint } from './panels/do.tsx';
import { Facts } from './panels/facts.tsx';
import { Header } from './panels/header.tsx';
import { Log } from './panels/log.tsx';
import { MessagePanel } from './panels/message-panel.tsx';
import type { Stage } from './stage/stage.ts';
import { patterns } from './state/store.ts';
import { Stories } from './stories/panel.tsx';

/** The page. */
export function App({ stage }: { readonly stage: Stage }) {
  return (
    <>
      <Header />
      {patterns.value.length > 0 && <Stories />}
      <Hint />
      {patterns.value.length === 0 && <p class="loading">Connecting …</p>}
      <main hidden={patterns.value.length === 0}>
        <StageView stage={stage} />
        <aside aria-label="Message, controls and events">
          <MessagePanel />
          <Controls />
          <Log />
        </aside>
        <Charts />
      </main>
      <Facts />
    </>
  );
}
